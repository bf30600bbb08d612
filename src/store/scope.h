// Scope: whose receipts a reader may see. Every reading function of the store demands one, so that forgetting it does
// not compile. A tenant's scope also hides sequences (they would tell the platform's volume).
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace kairos::store {

class Scope {
public:
  /// Operators and admins only.
  static Scope all() { return Scope(std::nullopt); }
  static Scope tenant(std::string id) { return Scope(std::move(id)); }

  /// nullopt: everybody's receipts.
  const std::optional<std::string>& tenant_id() const { return tenant_; }

private:
  explicit Scope(std::optional<std::string> tenant) : tenant_(std::move(tenant)) {}

  std::optional<std::string> tenant_;
};

} // namespace kairos::store
