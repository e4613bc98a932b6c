#include "base/sha256.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace esteira {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

}  // namespace

Sha256 sha256(std::string_view bytes) {
  Sha256 digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

bool same_secret(const Sha256& one, const Sha256& other) {
  return CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

std::string to_hex(const Sha256& digest) {
  std::string text;
  text.reserve(digest.size() * 2);
  for (const std::uint8_t byte : digest) {
    text += hex_digits[byte >> 4U];
    text += hex_digits[byte & 15U];
  }
  return text;
}

bool read_hex(std::string_view text, Sha256& digest) {
  if (text.size() != digest.size() * 2) return false;
  Sha256 read{};
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto value = hex_digits.find(text[at]);
    if (value == std::string_view::npos) return false;
    auto& byte = read[at / 2];
    byte = static_cast<std::uint8_t>((std::size_t{byte} << 4U) | value);
  }
  digest = read;
  return true;
}

}  // namespace esteira
