#include "journal/sha256.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace kairos::journal {
namespace {

const EVP_MD* algorithm() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr); // fetched once: a fetch costs a microsecond
  return md;
}

} // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr || EVP_DigestInit_ex2(context_, algorithm(), nullptr) != 1)
    std::abort(); // no SHA-256, no journal
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_); }

Hash Sha256::operator()(std::initializer_list<std::span<const std::uint8_t>> pieces) {
  Hash out;
  bool good = EVP_DigestInit_ex2(context_, nullptr, nullptr) == 1;
  for (const auto& piece : pieces) good = good && EVP_DigestUpdate(context_, piece.data(), piece.size()) == 1;
  good = good && EVP_DigestFinal_ex(context_, out.data(), nullptr) == 1;
  if (!good) std::abort();
  return out;
}

Hash chain_hash(Sha256& sha256, const Hash& prev_hash, std::uint64_t sequence, const Hash& payload_digest) {
  std::array<std::uint8_t, 8> big_endian{};
  for (size_t i = 0; i < 8; ++i) big_endian[i] = static_cast<std::uint8_t>(sequence >> (56 - 8 * i));
  return sha256({prev_hash, big_endian, payload_digest});
}

} // namespace kairos::journal
