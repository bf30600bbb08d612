#define OPENSSL_SUPPRESS_DEPRECATED // the EVP interface takes memory for each digest, and thrice the time of a short
                                    // one
#include "journal/sha256.h"

#include <openssl/sha.h>

#include <array>
#include <cstdlib>

namespace kairos::journal {

Hash Sha256::operator()(std::initializer_list<std::span<const std::uint8_t>> pieces) {
  static_assert(sizeof(Hash) == SHA256_DIGEST_LENGTH);
  Hash out;
  SHA256_CTX context;
  bool good = SHA256_Init(&context) == 1;
  for (const auto& piece : pieces) good = good && SHA256_Update(&context, piece.data(), piece.size()) == 1;
  good = good && SHA256_Final(out.data(), &context) == 1;
  if (!good) std::abort(); // no SHA-256, no journal
  return out;
}

Hash chain_hash(Sha256& sha256, const Hash& prev_hash, std::uint64_t sequence, const Hash& payload_digest) {
  std::array<std::uint8_t, 8> big_endian{};
  for (size_t i = 0; i < 8; ++i) big_endian[i] = static_cast<std::uint8_t>(sequence >> (56 - 8 * i));
  return sha256({prev_hash, big_endian, payload_digest});
}

} // namespace kairos::journal
