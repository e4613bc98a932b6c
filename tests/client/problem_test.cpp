#include "client/problem.hpp"

#include <gtest/gtest.h>

namespace esteira::client {
namespace {

using namespace std::chrono_literals;

Answer problem_answer(int status, std::string_view type, std::string_view more = "") {
  return {.status = status,
          .content_type = "application/problem+json",
          .body = R"({"type":")" + std::string(type) +
                  R"(","title":"T","status":0,"detail":"why")" + std::string(more) + "}"};
}

ErrorCode code_of(int status, std::string_view type = "about:blank") {
  return read_problem(problem_answer(status, type), true).error.code;
}

TEST(Problem, each_status_has_its_code) {
  EXPECT_EQ(code_of(400), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(413), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(401), ErrorCode::unauthorized);
  EXPECT_EQ(code_of(403), ErrorCode::forbidden);
  EXPECT_EQ(code_of(421), ErrorCode::forbidden);
  EXPECT_EQ(code_of(404), ErrorCode::not_found);
  EXPECT_EQ(code_of(409, "/problems/wrong-status"), ErrorCode::conflict);
  EXPECT_EQ(code_of(422, "/problems/payload-refused"), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(422, "/problems/unknown-type"), ErrorCode::not_found);
  EXPECT_EQ(code_of(429), ErrorCode::rate_limited);
  EXPECT_EQ(code_of(500), ErrorCode::internal);
  EXPECT_EQ(code_of(503), ErrorCode::unavailable);
  EXPECT_EQ(code_of(503, "/problems/in-doubt"), ErrorCode::in_doubt);
}

TEST(Problem, its_places_its_task_and_its_kind_are_read) {
  const auto problem = read_problem(
      problem_answer(409, "/problems/unique-conflict",
                     R"(,"task_id":7,"errors":[{"pointer":"/a","message":"wrong"},1])"),
      true);
  EXPECT_EQ(problem.kind, "unique-conflict");
  EXPECT_EQ(problem.error.message, "why");
  EXPECT_EQ(problem.error.task_id, 7);
  EXPECT_EQ(problem.error.fields, (std::vector<FieldError>{{"/a", "wrong"}}));
  EXPECT_FALSE(problem.retry_after);
}

TEST(Problem, who_may_not_is_told_what_to_do) {
  EXPECT_NE(read_problem(problem_answer(401, ""), false).error.message.find("ESTEIRA_KEY"),
            std::string::npos);
  EXPECT_NE(read_problem(problem_answer(403, ""), false).error.message.find("esteira key create"),
            std::string::npos);
}

TEST(Problem, the_server_says_when_to_ask_again) {
  auto answer = problem_answer(503, "about:blank");
  EXPECT_EQ(read_problem(answer, true).retry_after, 1s);
  answer.retry_after = "3";
  EXPECT_EQ(read_problem(answer, true).retry_after, 3s);
  answer.retry_after = "999999999";
  EXPECT_EQ(read_problem(answer, true).retry_after, retry_after_max);
  answer.retry_after = "Wed, 21 Oct 2015 07:28:00 GMT";
  EXPECT_EQ(read_problem(answer, true).retry_after, 1s);
  answer = problem_answer(409, "/problems/idempotency-in-flight");
  EXPECT_EQ(read_problem(answer, true).retry_after, 1s);
}

TEST(Problem, an_answer_of_something_before_the_server_leaves_open_what_was_done) {
  const Answer gateway{.status = 502, .content_type = "text/html", .body = "<html>"};
  EXPECT_EQ(read_problem(gateway, true).error.code, ErrorCode::in_doubt);
  EXPECT_EQ(read_problem(gateway, false).error.code, ErrorCode::unavailable);
  const Answer stranger{.status = 404, .content_type = "text/html", .body = "<html>"};
  EXPECT_EQ(read_problem(stranger, true).error.code, ErrorCode::internal);
  for (const auto* body : {"", "{", "[]", "1"}) {
    const Answer broken{.status = 404, .content_type = "application/problem+json", .body = body};
    EXPECT_EQ(read_problem(broken, true).error.code, ErrorCode::internal) << body;
  }
}

TEST(Problem, a_redirect_is_named) {
  const Answer moved{.status = 301, .location = "https://other/"};
  const auto error = read_problem(moved, true).error;
  EXPECT_EQ(error.code, ErrorCode::internal);
  EXPECT_NE(error.message.find("https://other/"), std::string::npos);
}

}  // namespace
}  // namespace esteira::client
