#include "store/cursor.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cassert>
#include <cstring>
#include <memory>
#include <vector>

#include "base/hex.h"

namespace kairos::store {
namespace {

constexpr int kNonce = 12;
constexpr int kTag = 16;
constexpr size_t kWhole = kNonce + sizeof(CursorState) + kTag;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

} // namespace

CursorKey random_cursor_key() {
  CursorKey key{};
  const int done = RAND_bytes(key.data(), static_cast<int>(key.size()));
  assert(done == 1);
  static_cast<void>(done);
  return key;
}

std::string seal_cursor(const CursorKey& key, const CursorState& state, std::string_view bound) {
  std::vector<std::uint8_t> out(kWhole);
  RAND_bytes(out.data(), kNonce);
  const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int length = 0;
  EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), out.data());
  EVP_EncryptUpdate(cipher.get(), nullptr, &length, bytes_of(bound), static_cast<int>(bound.size()));
  EVP_EncryptUpdate(cipher.get(), out.data() + kNonce, &length, reinterpret_cast<const unsigned char*>(&state),
                    sizeof(state));
  EVP_EncryptFinal_ex(cipher.get(), out.data() + kNonce + sizeof(state), &length);
  EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTag, out.data() + kNonce + sizeof(state));
  return to_hex(out);
}

Result<CursorState> open_cursor(const CursorKey& key, std::string_view text, std::string_view bound) {
  const auto refused = [] {
    return fail(Code::kInvalid, "cursor: it does not belong to this search; start again without one");
  };
  if (text.size() != kWhole * 2) return refused();
  auto sealed = from_hex(text);
  if (!sealed) return refused();
  std::uint8_t* body = sealed->data() + kNonce;
  const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  CursorState state;
  int length = 0;
  EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), sealed->data());
  EVP_DecryptUpdate(cipher.get(), nullptr, &length, bytes_of(bound), static_cast<int>(bound.size()));
  EVP_DecryptUpdate(cipher.get(), reinterpret_cast<unsigned char*>(&state), &length, body, sizeof(state));
  EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTag, body + sizeof(state));
  std::uint8_t rest[kTag];
  if (EVP_DecryptFinal_ex(cipher.get(), rest, &length) != 1) return refused();
  return state;
}

} // namespace kairos::store
