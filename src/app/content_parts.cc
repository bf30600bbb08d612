#include "app/content_parts.h"

#include <boost/json.hpp>

#include <filesystem>

#include "api/kept_text.h"
#include "observe/log.h"
#include "policy/redact.h"

namespace kairos::app {

bool redact_kept(content::Kept& kept) {
  const auto replace = [](content::Body& body, bool json) {
    const bool cut = body.truncated();
    std::string bytes = json ? policy::redact_json(body.bytes).text : policy::redact(body.bytes).text;
    if (json && cut) bytes = policy::redact(bytes).text; // the walk ends where the document does
    body = {std::move(bytes), 0};
    body.size = body.bytes.size() + (cut ? 1 : 0); // its true size would tell how much was taken out
  };
  const bool stream = kept.content_type.starts_with("text/event-stream");
  if (stream) {
    const bool cut = kept.answer.truncated();
    std::string text = api::output_text(kept.endpoint, kept.content_type, kept.answer.bytes);
    kept.answer = {std::move(text), 0};
    kept.answer.size = kept.answer.bytes.size() + (cut ? 1 : 0);
    kept.content_type = "text/plain; charset=utf-8";
  }
  replace(kept.request, true);
  if (kept.rewritten.size > 0) replace(kept.rewritten, true);
  replace(kept.answer, !stream && kept.content_type.starts_with("application/json"));
  kept.request_headers = policy::redact(kept.request_headers).text;
  return true;
}

content::VaultOptions content_options(const config::Snapshot& snapshot) {
  content::VaultOptions options;
  options.folder = std::filesystem::path(snapshot.data_dir) / "content";
  options.redact = redact_kept;
  options.queue_bytes = static_cast<size_t>(snapshot.content.queue_bytes);
  return options;
}

void finish_erasures(content::Vault& vault, const store::StateStore& state) {
  for (const store::Document& asked : state.list("content_erasure")) {
    boost::system::error_code error;
    const auto body = boost::json::parse(asked.body, error);
    if (error || !body.is_object()) continue;
    const auto text = [&](std::string_view key) {
      const auto* value = body.get_object().if_contains(key);
      return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
    };
    const auto receipt = parse_receipt_id(text("receipt_id"));
    const auto before = parse_rfc3339(text("before"));
    Result<> done;
    if (receipt && vault.read(*receipt)) {
      if (auto erased = vault.erase(*receipt, asked.id); !erased) done = std::unexpected(erased.error());
    } else if (!receipt && before) {
      if (auto erased = vault.erase_tenant(asked.id, *before); !erased) done = std::unexpected(erased.error());
    }
    if (!done) observe::log_warn("content", "an erasure could not be finished", {{"error", done.error().message}});
  }
}

void use_content_settings(content::Vault& vault, const config::Snapshot& snapshot) {
  std::vector<content::Key> keys;
  for (const config::Secret& key : snapshot.content.master_keys) keys.emplace_back(key.reveal());
  std::vector<content::Retention> retention;
  for (const config::Tenant& tenant : snapshot.tenants) {
    if (tenant.keep_content_days) retention.push_back({tenant.id, std::chrono::days(*tenant.keep_content_days)});
  }
  vault.use(content::MasterKeys(std::move(keys)), std::move(retention));
}

} // namespace kairos::app
