// `kairosroute rebuild DIR`.
#pragma once

#include <string>

namespace kairos::app {

/// Makes the store anew from the journal. Rows of receipts that the journal no longer has are kept from the store that
/// is there; where that cannot be, it refuses, unless told to lose them.
int rebuild(const std::string& data_dir, bool without_dropped);

} // namespace kairos::app
