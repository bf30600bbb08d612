#include "content/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "content/bytes.h"

namespace kairos::content {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* raw(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* raw(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

/// Only lack of memory or a broken library can make these fail.
void must(bool worked) {
  if (!worked) std::abort();
}

} // namespace

Key::Key(std::string_view bytes) { std::memcpy(bytes_.data(), bytes.data(), std::min(bytes.size(), kKeySize)); }
Key::~Key() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

Key Key::random() {
  Key key;
  must(RAND_bytes(key.bytes_.data(), static_cast<int>(kKeySize)) == 1);
  return key;
}

Key Key::derive(std::string_view label, std::string_view salt) const {
  std::string input(label);
  input.append(salt);
  Key derived;
  unsigned int size = kKeySize;
  must(HMAC(EVP_sha256(), bytes_.data(), static_cast<int>(kKeySize), raw(std::string_view(input)), input.size(),
            derived.bytes_.data(), &size) != nullptr);
  return derived;
}

std::uint64_t Key::id() const {
  const Key name = derive("kairosroute key name", "");
  const std::string_view bytes(reinterpret_cast<const char*>(name.bytes_.data()), kKeySize);
  return get(bytes, 0, 8) | 1;
}

std::string random_bytes(size_t size) {
  std::string bytes(size, '\0');
  must(RAND_bytes(raw(bytes), static_cast<int>(size)) == 1);
  return bytes;
}

std::string seal(const Key& key, std::string_view nonce, std::string_view authenticated, std::string_view plain) {
  const Context context(EVP_CIPHER_CTX_new());
  std::string out(plain.size() + kTagSize, '\0');
  int size = 0;
  must(context != nullptr &&
       EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.bytes().data(), raw(nonce)) == 1);
  must(EVP_EncryptUpdate(context.get(), nullptr, &size, raw(authenticated), static_cast<int>(authenticated.size())) ==
       1);
  must(EVP_EncryptUpdate(context.get(), raw(out), &size, raw(plain), static_cast<int>(plain.size())) == 1);
  must(EVP_EncryptFinal_ex(context.get(), raw(out) + size, &size) == 1);
  must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagSize, raw(out) + plain.size()) == 1);
  return out;
}

Result<std::string> open_sealed(const Key& key, std::string_view nonce, std::string_view authenticated,
                                std::string_view sealed) {
  if (sealed.size() < kTagSize || nonce.size() != kNonceSize) return fail(Code::kCorrupt, "too short to be sealed");
  const std::string_view cipher = sealed.substr(0, sealed.size() - kTagSize);
  std::string tag(sealed.substr(cipher.size()));
  std::string out(cipher.size(), '\0');
  const Context context(EVP_CIPHER_CTX_new());
  int size = 0;
  must(context != nullptr &&
       EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.bytes().data(), raw(nonce)) == 1);
  must(EVP_DecryptUpdate(context.get(), nullptr, &size, raw(authenticated), static_cast<int>(authenticated.size())) ==
       1);
  must(EVP_DecryptUpdate(context.get(), raw(out), &size, raw(cipher), static_cast<int>(cipher.size())) == 1);
  must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagSize, raw(tag)) == 1);
  unsigned char rest[16];
  if (EVP_DecryptFinal_ex(context.get(), rest, &size) == 1) return out;
  wipe(out);
  return fail(Code::kCorrupt, "cannot be opened: sealed with another key, or damaged");
}

MasterKeys::MasterKeys(std::vector<Key> keys) : keys_(std::move(keys)) {
  for (const Key& key : keys_) ids_.push_back(key.id());
}

const Key* MasterKeys::find(std::uint64_t id) const {
  const auto found = std::ranges::find(ids_, id);
  return found == ids_.end() ? nullptr : &keys_[static_cast<size_t>(found - ids_.begin())];
}

void wipe(std::string& secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

} // namespace kairos::content
