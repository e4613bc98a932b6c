#include "http/health_answer.hpp"

#include <gtest/gtest.h>

#include "esteira/json.hpp"
#include "support/expectations.hpp"

namespace esteira::http {
namespace {

using esteira::test::must;

HealthAnswer answer(const HealthRequest& request) {
  const auto answered = answer_health(request);
  if (const auto* ready = std::get_if<HealthAnswer>(&answered)) return *ready;
  throw std::runtime_error("the database was to be asked");
}

TEST(HealthAnswer, the_process_is_alive_without_asking_the_database) {
  for (const auto* method : {"GET", "HEAD"}) {
    const auto alive = answer({.method = method, .target = "/healthz", .host = "localhost:8080"});
    EXPECT_EQ(alive.status, 200);
    EXPECT_EQ(must(parse_json(alive.body)), Json({{"status", "ok"}}));
  }
}

TEST(HealthAnswer, readiness_is_the_database_s_to_say) {
  const auto asked = answer_health({.method = "GET", .target = "/readyz", .host = "127.0.0.1"});
  EXPECT_TRUE(std::holds_alternative<AskDatabase>(asked));
  EXPECT_EQ(answer_ready({}).status, 200);
  const auto away = answer_ready(fail(ErrorCode::unavailable, "the server is away"));
  EXPECT_EQ(away.status, 503);
  EXPECT_EQ(must(parse_json(away.body)).at("detail"), "the server is away");
}

TEST(HealthAnswer, what_is_refused_is_told_as_a_problem_document) {
  struct Case {
    HealthRequest request;
    int status;
  };
  for (const auto& [request, status] : {
           Case{{.method = "GET", .target = "/", .host = "localhost"}, 404},
           Case{{.method = "GET", .target = "/healthz/", .host = "localhost"}, 404},
           Case{{.method = "POST", .target = "/healthz", .host = "localhost"}, 405},
           Case{{.method = "DELETE", .target = "/readyz", .host = "localhost"}, 405},
           Case{{.method = "GET", .target = "/healthz", .host = ""}, 400},
           Case{{.method = "GET", .target = "/healthz", .host = "example.com"}, 421},
       }) {
    const auto refused = answer(request);
    EXPECT_EQ(refused.status, status) << request.method << " " << request.target;
    EXPECT_EQ(refused.content_type, "application/problem+json");
    const auto body = must(parse_json(refused.body));
    EXPECT_EQ(body.at("status"), status);
    EXPECT_FALSE(body.at("title").as_string().empty());
    EXPECT_FALSE(body.at("detail").as_string().empty());
  }
}

TEST(HealthAnswer, a_wrong_method_is_told_the_right_ones) {
  const auto refused = answer({.method = "PUT", .target = "/readyz", .host = "localhost"});
  EXPECT_EQ(refused.allow, "GET, HEAD");
}

}  // namespace
}  // namespace esteira::http
