// What the server's configuration means for the vault.
#pragma once

#include "config/snapshot.h"
#include "content/vault.h"
#include "store/state_store.h"

namespace kairos::app {

content::VaultOptions content_options(const config::Snapshot& snapshot);
/// Takes personal data and secrets out, of every kind that the detector knows. Of a stream only its text is left, since
/// what is private may be spread over several events.
bool redact_kept(content::Kept& kept);
/// Erases once more what was asked for last of each tenant: a crash may have come between the asking and the erasing.
void finish_erasures(content::Vault& vault, const store::StateStore& state);
/// Master keys and days of retention, at start and at each reload.
void use_content_settings(content::Vault& vault, const config::Snapshot& snapshot);

} // namespace kairos::app
