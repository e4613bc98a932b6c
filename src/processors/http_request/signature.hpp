// Standard Webhooks signatures (symmetric, "v1").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "esteira/error.hpp"

namespace esteira::processors {

// A signing key. It has no text form, so that it can't be printed by mistake.
class WebhookSecret {
 public:
  // "whsec_" and the base64 of 24 to 64 bytes; the padding may be missing. The error never holds
  // any of the text.
  [[nodiscard]] static Expected<WebhookSecret> parse(std::string_view text);
  [[nodiscard]] std::span<const std::uint8_t> key() const { return key_; }

 private:
  explicit WebhookSecret(std::vector<std::uint8_t> key) : key_(std::move(key)) {}
  std::vector<std::uint8_t> key_;
};

// Secrets divided by white space or commas, as a file or an environment variable holds them; lines
// that begin with "#" are left out.
[[nodiscard]] Expected<std::vector<WebhookSecret>> parse_webhook_secrets(std::string_view text);

struct SignedMessage {
  std::string_view id;  // the same in every attempt; without a dot
  std::int64_t unix_seconds = 0;
  std::string_view body;
};

// The value of "webhook-signature": one "v1,…" for each secret, divided by spaces.
[[nodiscard]] std::string webhook_signature(std::span<const WebhookSecret> secrets,
                                            const SignedMessage& message);

}  // namespace esteira::processors
