#include "processors/http_request/signature.hpp"

#include <array>
#include <optional>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/assert.hpp"

namespace esteira::processors {
namespace {

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::size_t key_bytes_min = 24;
constexpr std::size_t key_bytes_max = 64;

std::optional<std::uint32_t> base64_digit(char c) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto at = digits.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint32_t>(at);
}

// OpenSSL's decoder takes white space and wants the padding, so this is our own.
std::optional<std::vector<std::uint8_t>> decode_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const auto digit = base64_digit(c);
    if (!digit) return std::nullopt;
    bits = (bits << 6U | *digit) & 0xFFFFU;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> held & 0xFFU));
  }
  return bytes;
}

std::string encode_base64(std::span<const unsigned char> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the NUL that OpenSSL writes
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  auto* out = reinterpret_cast<unsigned char*>(text.data());
  text.resize(
      static_cast<std::size_t>(EVP_EncodeBlock(out, bytes.data(), static_cast<int>(bytes.size()))));
  return text;
}

}  // namespace

Expected<WebhookSecret> WebhookSecret::parse(std::string_view text) {
  if (!text.starts_with(secret_prefix)) {
    return fail(ErrorCode::invalid_argument, "a webhook secret begins with \"whsec_\"");
  }
  auto key = decode_base64(text.substr(secret_prefix.size()));
  if (!key || key->size() < key_bytes_min || key->size() > key_bytes_max) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("a webhook secret is \"whsec_\" and the base64 of {} to {} bytes",
                            key_bytes_min, key_bytes_max));
  }
  return WebhookSecret(*std::move(key));
}

Expected<std::vector<WebhookSecret>> parse_webhook_secrets(std::string_view text) {
  constexpr std::string_view dividers = " \t\r\n,";
  std::vector<WebhookSecret> secrets;
  while (!text.empty()) {
    if (dividers.find(text.front()) != std::string_view::npos) {
      text.remove_prefix(1);
      continue;
    }
    const auto length = text.find_first_of(text.front() == '#' ? "\n" : dividers);
    const auto word = text.substr(0, length);
    text.remove_prefix(word.size());
    if (word.front() == '#') continue;
    secrets.push_back(ESTEIRA_TRY(WebhookSecret::parse(word)));
  }
  return secrets;
}

std::string webhook_signature(std::span<const WebhookSecret> secrets,
                              const SignedMessage& message) {
  const auto text = fmt::format("{}.{}.{}", message.id, message.unix_seconds, message.body);
  std::string signature;
  for (const auto& secret : secrets) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
    const auto* data = reinterpret_cast<const unsigned char*>(text.data());
    const auto* made =
        HMAC(EVP_sha256(), secret.key().data(), static_cast<int>(secret.key().size()), data,
             text.size(), digest.data(), &length);
    ESTEIRA_ASSERT(made != nullptr);
    if (!signature.empty()) signature += ' ';
    signature += "v1," + encode_base64(std::span(digest).first(length));
  }
  return signature;
}

}  // namespace esteira::processors
