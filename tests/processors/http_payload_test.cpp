// What HTTP_REQUEST takes as its payload, and where it says that something is wrong.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "processor/payload_schema.hpp"
#include "processors/fake_context.hpp"
#include "processors/http_request/http_request.hpp"

namespace esteira::processors {
namespace {

using test::json;

std::optional<test::Refusal> refusal_of(const Json& payload) {
  return test::refusal_of(HttpRequestProcessor({}), payload);
}

constexpr std::string_view url = "https://example.com/hook";

Json with(std::string_view field, const Json& value) {
  return JsonObject{{"url", url}, {field, value}};
}

TEST(HttpPayload, good_payloads_are_accepted_by_schema_and_processor) {
  const auto schema = PayloadSchema::compile(http_request_schema()).value();
  for (const auto& payload :
       {Json{{"url", url}}, Json{{"url", "http://example.com:8080/?a=b#c"}},
        Json{{"url", "https://[2606:4700::1111]/"}}, with("method", "PATCH"),
        with("headers", JsonObject()), with("headers", {{"Authorization", "Bearer x"}}),
        with("body", "text"), with("body", {1, 2}), with("body", nullptr),
        with("timeout_seconds", 30), with("timeout_seconds", 0.5), with("expected_status", 204),
        with("expected_status", {200, 404})}) {
    EXPECT_TRUE(schema.check(payload).has_value()) << to_text(payload);
    const auto refusal = refusal_of(payload);
    EXPECT_FALSE(refusal.has_value()) << to_text(payload) << refusal->message;
  }
}

TEST(HttpPayload, what_is_wrong_is_pointed_at) {
  const std::vector<std::pair<Json, std::string>> cases{
      {json("[]"), ""},
      {json("null"), ""},
      {json("{}"), "/url"},
      {{{"url", 1}}, "/url"},
      {{{"url", ""}}, "/url"},
      {{{"url", "example.com"}}, "/url"},
      {{{"url", "ftp://example.com/"}}, "/url"},
      {{{"url", "https://user:word@example.com/"}}, "/url"},
      {{{"url", "https://exa mple.com/"}}, "/url"},
      {{{"url", "https://example.com/a\r\nb"}}, "/url"},
      {{{"url", "https://example.com:99999/"}}, "/url"},
      {{{"url", "https://" + std::string(9000, 'a')}}, "/url"},
      {with("other", 1), "/other"},
      {with("o/t~her", 1), "/o~1t~0her"},
      {with("method", "TRACE"), "/method"},
      {with("method", "get"), "/method"},
      {with("method", 1), "/method"},
      {with("headers", json("[]")), "/headers"},
      {with("headers", {{"A", 1}}), "/headers/A"},
      {with("headers", {{"A/b", "x"}}), "/headers/A~1b"},
      {with("headers", {{"", "x"}}), "/headers/"},
      {with("headers", {{"A", "x\r\nB: y"}}), "/headers/A"},
      {with("headers", {{"A", "x\ny"}}), "/headers/A"},
      {with("headers", {{"A\r\nB", "x"}}), "/headers/A\r\nB"},
      {with("headers", {{"A:", "x"}}), "/headers/A:"},
      {with("headers", {{"A", "1"}, {"a", "2"}}), "/headers/a"},
      {with("headers", {{"A", std::string(9000, 'x')}}), "/headers/A"},
      {with("timeout_seconds", 0), "/timeout_seconds"},
      {with("timeout_seconds", -1), "/timeout_seconds"},
      {with("timeout_seconds", 3601), "/timeout_seconds"},
      {with("timeout_seconds", "30"), "/timeout_seconds"},
      {with("expected_status", 99), "/expected_status"},
      {with("expected_status", 200.5), "/expected_status"},
      {with("expected_status", json("[]")), "/expected_status"},
      {with("expected_status", {200, 600}), "/expected_status/1"},
      {with("expected_status", "200"), "/expected_status"},
      {{{"url", url}, {"method", "GET"}, {"body", "x"}}, "/body"},
      {{{"url", url}, {"method", "HEAD"}, {"body", 1}}, "/body"}};
  for (const auto& [payload, pointer] : cases) {
    const auto refusal = refusal_of(payload);
    ASSERT_TRUE(refusal.has_value()) << to_text(payload);
    EXPECT_EQ(refusal->pointer, pointer) << to_text(payload);
    EXPECT_FALSE(refusal->message.empty());
  }
}

TEST(HttpPayload, headers_of_the_connection_and_of_esteira_are_not_the_payloads) {
  for (const auto* name : {"Host",
                           "host",
                           "Content-Length",
                           "Transfer-Encoding",
                           "Connection",
                           "Keep-Alive",
                           "Proxy-Connection",
                           "Proxy-Authorization",
                           "Proxy-Authenticate",
                           "TE",
                           "Trailer",
                           "Upgrade",
                           "HTTP2-Settings",
                           "Expect",
                           "Accept-Encoding",
                           "Esteira-Task-Id",
                           "Esteira-Attempt",
                           "esteira-other",
                           "webhook-id",
                           "Webhook-Signature",
                           "webhook-timestamp",
                           "traceparent"}) {
    const auto refusal = refusal_of(with("headers", {{name, "x"}}));
    ASSERT_TRUE(refusal.has_value()) << name;
    EXPECT_EQ(refusal->pointer, std::string("/headers/") + name);
  }
}

TEST(HttpPayload, the_number_of_headers_and_statuses_is_bounded) {
  JsonObject headers;
  JsonArray statuses;
  for (int i = 0; i <= 50; ++i) {
    headers["X-" + std::to_string(i)] = "x";
    statuses.push_back(200 + i);
  }
  EXPECT_EQ(refusal_of(with("headers", headers)).value().pointer, "/headers");
  EXPECT_EQ(refusal_of(with("expected_status", statuses)).value().pointer, "/expected_status");
}

TEST(HttpPayload, the_schema_states_the_limits_that_the_processor_keeps) {
  const auto schema = json(http_request_schema());
  const auto& properties = schema.at("properties");
  EXPECT_EQ(properties.at("url").at("maxLength"), url_bytes_max);
  EXPECT_EQ(properties.at("headers").at("maxProperties"), request_headers_max);
  EXPECT_EQ(properties.at("headers").at("propertyNames").at("maxLength"), header_name_bytes_max);
  EXPECT_EQ(properties.at("headers").at("additionalProperties").at("maxLength"),
            header_value_bytes_max);
  EXPECT_EQ(properties.at("timeout_seconds").at("maximum"),
            std::chrono::duration_cast<std::chrono::seconds>(request_timeout_max).count());
  EXPECT_EQ(properties.at("expected_status").at("oneOf").at(1).at("maxItems"),
            expected_statuses_max);
}

TEST(HttpOptions, the_defaults_are_in_range) {
  EXPECT_TRUE(check_options(HttpRequestOptions{}).has_value());
}

TEST(HttpOptions, a_setting_out_of_range_is_named) {
  const std::vector<std::pair<HttpRequestOptions, std::string>> cases{
      {{.timeout = Duration::zero()}, "timeout"},
      {{.timeout = std::chrono::hours{2}}, "timeout"},
      {{.connect_timeout = Duration::zero()}, "connect_timeout"},
      {{.retry_after_max = Duration::zero()}, "retry_after_max"},
      {{.response_body_bytes_max = 0}, "response_body_bytes_max"},
      {{.response_body_bytes_max = 1 << 20}, "response_body_bytes_max"},
      {{.response_header_bytes_max = 1}, "response_header_bytes_max"}};
  for (const auto& [options, name] : cases) {
    const auto checked = check_options(options);
    ASSERT_FALSE(checked.has_value()) << name;
    EXPECT_TRUE(checked.error().message.starts_with(name)) << checked.error().message;
  }
}

}  // namespace
}  // namespace esteira::processors
