// AES-256-GCM, HMAC-SHA-256 and the secrets that go into them: all that is asked of OpenSSL here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace esteira {

// 32 bytes that are wiped when they go.
class Secret {
 public:
  using Bytes = std::array<std::uint8_t, 32>;

  Secret() = default;
  explicit Secret(const Bytes& bytes) : bytes_(bytes) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret();

  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  [[nodiscard]] std::string_view view() const;

 private:
  Bytes bytes_{};
};

inline constexpr std::size_t nonce_bytes = 12;
inline constexpr std::size_t tag_bytes = 16;
using Nonce = std::array<std::uint8_t, nonce_bytes>;

// Of the system's generator for keys.
[[nodiscard]] Secret random_secret();
[[nodiscard]] Nonce random_nonce();
[[nodiscard]] std::string random_bytes(std::size_t count);

// The nonce, what `text` became, the tag. `bound` is not part of it, but deciphers it or nothing
// does.
[[nodiscard]] std::string encipher(const Secret& key, const Nonce& nonce, std::string_view bound,
                                   std::string_view text);
// Nothing: a bit of it, of `bound` or of the key is another.
[[nodiscard]] std::optional<std::string> decipher(const Secret& key, std::string_view bound,
                                                  std::string_view enciphered);

// HMAC-SHA-256: a key of its own for each label, or a tag that nobody makes without the key.
[[nodiscard]] Secret derive(const Secret& key, std::string_view label);

[[nodiscard]] std::string to_base64(std::string_view bytes);
// Nothing: it is none, with its padding.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace esteira
