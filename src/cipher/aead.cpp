#include "cipher/aead.hpp"

#include <limits>
#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/assert.hpp"

namespace esteira {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

int length_of(std::string_view text) {
  ESTEIRA_ASSERT(text.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
  return static_cast<int>(text.size());
}

// What OpenSSL refuses without being given anything wrong is its own trouble, and must never end in
// text that was not enciphered.
void check(int answer) { ESTEIRA_ASSERT(answer == 1); }

}  // namespace

Secret::~Secret() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

std::string_view Secret::view() const {
  return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
}

Secret random_secret() {
  Secret::Bytes bytes{};
  check(RAND_priv_bytes(bytes.data(), static_cast<int>(bytes.size())));
  const Secret secret{bytes};
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return secret;
}

Nonce random_nonce() {
  Nonce nonce{};
  check(RAND_bytes(nonce.data(), static_cast<int>(nonce.size())));
  return nonce;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  check(RAND_bytes(bytes_of(bytes), length_of(bytes)));
  return bytes;
}

std::string encipher(const Secret& key, const Nonce& nonce, std::string_view bound,
                     std::string_view text) {
  const Context context{EVP_CIPHER_CTX_new()};
  ESTEIRA_ASSERT(context != nullptr);
  check(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.bytes().data(),
                           nonce.data()));
  int length = 0;
  check(EVP_EncryptUpdate(context.get(), nullptr, &length, bytes_of(bound), length_of(bound)));
  std::string out(nonce_bytes + text.size() + tag_bytes, '\0');
  std::copy(nonce.begin(), nonce.end(), out.begin());
  unsigned char* const body = bytes_of(out) + nonce_bytes;
  if (!text.empty()) {
    check(EVP_EncryptUpdate(context.get(), body, &length, bytes_of(text), length_of(text)));
  }
  check(EVP_EncryptFinal_ex(context.get(), body + text.size(), &length));
  check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, body + text.size()));
  return out;
}

std::optional<std::string> decipher(const Secret& key, std::string_view bound,
                                    std::string_view enciphered) {
  if (enciphered.size() < nonce_bytes + tag_bytes) return std::nullopt;
  const auto nonce = enciphered.substr(0, nonce_bytes);
  const auto body = enciphered.substr(nonce_bytes, enciphered.size() - nonce_bytes - tag_bytes);
  std::string tag(enciphered.substr(enciphered.size() - tag_bytes));
  const Context context{EVP_CIPHER_CTX_new()};
  ESTEIRA_ASSERT(context != nullptr);
  check(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.bytes().data(),
                           bytes_of(nonce)));
  int length = 0;
  check(EVP_DecryptUpdate(context.get(), nullptr, &length, bytes_of(bound), length_of(bound)));
  std::string text(body.size(), '\0');
  if (!body.empty()) {
    check(
        EVP_DecryptUpdate(context.get(), bytes_of(text), &length, bytes_of(body), length_of(body)));
  }
  check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()));
  unsigned char rest[tag_bytes];
  if (EVP_DecryptFinal_ex(context.get(), rest, &length) != 1) {
    OPENSSL_cleanse(text.data(), text.size());
    return std::nullopt;
  }
  return text;
}

Secret derive(const Secret& key, std::string_view label) {
  Secret::Bytes bytes{};
  unsigned length = 0;
  const auto* made = HMAC(EVP_sha256(), key.bytes().data(), static_cast<int>(key.bytes().size()),
                          bytes_of(label), label.size(), bytes.data(), &length);
  ESTEIRA_ASSERT(made != nullptr && length == bytes.size());
  const Secret secret{bytes};
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return secret;
}

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(bytes_of(text), bytes_of(bytes), length_of(bytes));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty()) return std::string{};
  // OpenSSL passes over blanks at both ends, and takes padding for zeros.
  const auto end = text.find_last_not_of('=');
  const std::size_t padding = text.size() - (end == std::string_view::npos ? 0 : end + 1);
  const bool blank = text.find_first_of(" \t\r\n") != std::string_view::npos;
  if (text.size() % 4 != 0 || padding > 2 || blank) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(bytes_of(bytes), bytes_of(text), length_of(text));
  if (length < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return bytes;
}

}  // namespace esteira
