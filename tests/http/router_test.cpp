#include "http/router.hpp"

#include <gtest/gtest.h>

#include "http/problem.hpp"
#include "support/expectations.hpp"

namespace esteira::http {
namespace {

using esteira::test::must;

Router small_router() {
  const Handler nothing = [](const Call&, Services&) { return Response{}; };
  return Router({{"GET", "/tasks", Scope::tasks_read, nothing},
                 {"POST", "/tasks", Scope::tasks_write, nothing},
                 {"GET", "/tasks/{id}", Scope::tasks_read, nothing},
                 {"POST", "/tasks/{id}/cancel", Scope::tasks_write, nothing}});
}

TEST(Router, a_path_leads_to_its_route_with_what_it_holds) {
  const auto router = small_router();
  EXPECT_EQ(router.find("GET", "/tasks").route, &router.routes()[0]);
  EXPECT_EQ(router.find("HEAD", "/tasks").route, &router.routes()[0]);
  const auto cancel = router.find("POST", "/tasks/a%20b/cancel");
  EXPECT_EQ(cancel.route, &router.routes()[3]);
  EXPECT_EQ(cancel.captures, std::vector<std::string>{"a b"});
}

TEST(Router, what_is_not_in_the_table_is_nowhere) {
  const auto router = small_router();
  for (const char* path : {"", "/", "/tasks/", "/tasks//cancel", "/Tasks", "/tasks/1/cancel/x",
                           "/tasks/%", "/tasks/%zz", "/tasks/%00", "/tasks/%ff", "/../tasks"}) {
    const auto match = router.find("GET", path);
    EXPECT_EQ(match.route, nullptr) << path;
    EXPECT_EQ(match.allow, "") << path;
  }
  EXPECT_EQ(router.find("DELETE", "/tasks").allow, "GET, HEAD, POST");
  EXPECT_EQ(router.find("PUT", "/tasks/1").allow, "GET, HEAD");
}

TEST(Query, names_are_known_and_stand_once) {
  const std::vector<std::string_view> known{"status", "limit"};
  const auto query = must(Query::parse("status=A%2BB+C&limit=5", known));
  EXPECT_EQ(query.text("status"), "A+B C");
  EXPECT_EQ(must(query.integer("limit", 1, 10)), 5);
  EXPECT_EQ(must(Query::parse("status=&", known)).text("status"), std::nullopt);
  for (const char* bad : {"nope=1", "status=a&status=b", "status=%", "status=%f", "%00=a",
                          "status=%ff", "Status=a"}) {
    EXPECT_FALSE(Query::parse(bad, known)) << bad;
  }
  for (const char* number : {"0", "11", "x", "5x", "-1", "99999999999999999999", " 5"}) {
    const auto parsed = must(Query::parse("limit=" + std::string(number), known));
    EXPECT_FALSE(parsed.integer("limit", 1, 10)) << number;
  }
}

TEST(Problem, what_is_inside_stays_inside) {
  const auto hidden = problem(Error{.code = ErrorCode::internal, .message = "SELECT secret"});
  EXPECT_EQ(hidden.status, 500);
  EXPECT_EQ(hidden.body.find("SELECT"), std::string::npos);
  EXPECT_EQ(hidden.log, "SELECT secret");
  const auto away = problem(Error{.code = ErrorCode::unavailable, .message = "host db.internal"});
  EXPECT_EQ(away.status, 503);
  EXPECT_EQ(away.body.find("db.internal"), std::string::npos);
  EXPECT_EQ(away.headers.front().name, "Retry-After");
  EXPECT_EQ(away.body.find("in-doubt"), std::string::npos);
}

TEST(Problem, what_may_have_been_done_is_told_from_what_was_not) {
  const auto doubt = problem(Error{.code = ErrorCode::in_doubt, .message = "host db.internal"});
  EXPECT_EQ(doubt.status, 503);
  EXPECT_NE(doubt.body.find(R"("type":"/problems/in-doubt")"), std::string::npos);
  EXPECT_EQ(doubt.body.find("db.internal"), std::string::npos);
}

TEST(Problem, each_wrong_place_is_named) {
  const auto answer = problem(Error{.code = ErrorCode::invalid_argument,
                                    .message = "wrong",
                                    .fields = {{"/a", "must be a string"}}});
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.content_type, "application/problem+json");
  EXPECT_NE(answer.body.find(R"("errors":[{"pointer":"/a","message":"must be a string"}])"),
            std::string::npos);
}

}  // namespace
}  // namespace esteira::http
