#include "processors/http_request/signature.hpp"

#include <gtest/gtest.h>

namespace esteira::processors {
namespace {

// The published test vector of Standard Webhooks.
constexpr std::string_view secret_text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr SignedMessage message{.id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
                                .unix_seconds = 1614265330,
                                .body = R"({"test": 2432232314})"};
constexpr std::string_view signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

TEST(Signature, the_published_vector_is_met) {
  const std::vector secrets{WebhookSecret::parse(secret_text).value()};
  EXPECT_EQ(webhook_signature(secrets, message), signature);
}

TEST(Signature, two_secrets_sign_side_by_side) {
  const auto secrets =
      parse_webhook_secrets(std::string(secret_text) + "\n" + std::string(secret_text)).value();
  EXPECT_EQ(webhook_signature(secrets, message),
            std::string(signature) + " " + std::string(signature));
}

TEST(Signature, padding_may_be_missing) {
  const auto padded = WebhookSecret::parse("whsec_" + std::string(33, 'A') + "A==");
  const auto bare = WebhookSecret::parse("whsec_" + std::string(34, 'A'));
  ASSERT_TRUE(padded && bare);
  EXPECT_EQ(std::vector(padded->key().begin(), padded->key().end()),
            std::vector(bare->key().begin(), bare->key().end()));
}

TEST(Signature, a_bad_secret_is_refused_without_repeating_it) {
  for (const std::string text :
       {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_short", "whsk_MfKQ9r8GKYqrTwjU",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa!!", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwA"}) {
    const auto secret = WebhookSecret::parse(text);
    ASSERT_FALSE(secret.has_value()) << text;
    EXPECT_EQ(secret.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(secret.error().message.find("MfKQ"), std::string::npos);
  }
  EXPECT_FALSE(WebhookSecret::parse("whsec_" + std::string(88, 'A')).has_value());
}

TEST(Signature, a_file_of_secrets_may_hold_comments_and_blank_lines) {
  const auto text = "# the new one\n" + std::string(secret_text) + "\n\n  " +
                    std::string(secret_text) + ",\n# end";
  EXPECT_EQ(parse_webhook_secrets(text).value().size(), 2U);
  EXPECT_TRUE(parse_webhook_secrets("  \n").value().empty());
  EXPECT_FALSE(parse_webhook_secrets("whsec_bad").has_value());
}

}  // namespace
}  // namespace esteira::processors
