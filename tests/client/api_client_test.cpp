#include "client/api_client.hpp"

#include <cstdlib>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "processors/test_server.hpp"
#include "processors/tls_server.hpp"
#include "support/expectations.hpp"
#include "support/temporary_directory.hpp"

namespace esteira::client {
namespace {

using esteira::test::Conversation;
using esteira::test::error_of;
using esteira::test::must;
using esteira::test::TestServer;

constexpr std::string_view json = "Content-Type: application/json\r\n";
constexpr std::string_view problem_json =
    "Content-Type: application/problem+json\r\nRetry-After: 0\r\n";

ApiOptions options_of(const TestServer& server) {
  return {.base = fmt::format("http://127.0.0.1:{}/prefix", server.port())};
}

ApiCall creation(bool safe_to_repeat = true) {
  return {.method = "POST",
          .path = "/tasks",
          .body = R"({"a":1})",
          .headers = {{"Idempotency-Key", "k"}},
          .safe_to_repeat = safe_to_repeat};
}

std::string problem_body(std::string_view type) {
  return fmt::format(R"({{"type":"/problems/{}","status":0,"detail":"why"}})", type);
}

// Answers each request in turn; the last one goes on.
class Script {
 public:
  using Step = std::function<void(Conversation&)>;
  explicit Script(std::vector<Step> steps) : steps_(std::move(steps)) {}
  void operator()(Conversation& talk) { steps_[std::min(at_++, steps_.size() - 1)](talk); }

 private:
  const std::vector<Step> steps_;
  std::size_t at_ = 0;
};

void hang_up(Conversation& talk) { talk.hang_up = true; }
void good(Conversation& talk) { talk.answer(201, R"({"task_id":1})", json); }
void busy(Conversation& talk) { talk.answer(503, problem_body("x"), problem_json); }
void in_flight(Conversation& talk) {
  talk.answer(409, problem_body("idempotency-in-flight"), problem_json);
}

TEST(ApiClient, a_call_says_who_asks_and_what) {
  TestServer server(good);
  auto options = options_of(server);
  options.key = "esk_token";
  const auto reply = must(ApiClient(options).call(creation()));
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(to_text(reply.body), R"({"task_id":1})");
  EXPECT_FALSE(reply.repeated);
  const auto request = server.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/prefix/api/v1/tasks");
  EXPECT_EQ(request.body, R"({"a":1})");
  EXPECT_EQ(request.headers.at("authorization"), "Bearer esk_token");
  EXPECT_EQ(request.headers.at("idempotency-key"), "k");
  EXPECT_EQ(request.headers.at("content-type"), "application/json");
}

TEST(ApiClient, an_answer_without_a_body_is_good) {
  TestServer server([](Conversation& talk) { talk.answer(204); });
  EXPECT_TRUE(
      must(ApiClient(options_of(server)).call({.method = "DELETE", .path = "/x"})).body.is_null());
}

TEST(ApiClient, what_is_safe_to_repeat_is_tried_again_with_the_same_key) {
  for (const Script::Step first : {&hang_up, &busy, &in_flight}) {
    Script script({first, good});
    TestServer server([&script](Conversation& talk) { script(talk); });
    EXPECT_TRUE(ApiClient(options_of(server)).call(creation()));
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[0].body, requests[1].body);
    EXPECT_EQ(requests[0].headers.at("idempotency-key"), requests[1].headers.at("idempotency-key"));
  }
}

TEST(ApiClient, a_reply_says_whether_an_earlier_try_may_have_done_it) {
  for (const auto& [first, repeated] :
       std::vector<std::pair<Script::Step, bool>>{{&hang_up, true}, {&busy, false}}) {
    Script script({first, good});
    TestServer server([&script](Conversation& talk) { script(talk); });
    EXPECT_EQ(must(ApiClient(options_of(server)).call(creation())).repeated, repeated);
  }
}

TEST(ApiClient, it_gives_up_after_a_few_tries_and_says_what_is_known) {
  TestServer away(busy);
  EXPECT_EQ(error_of(ApiClient(options_of(away)).call(creation())).code, ErrorCode::unavailable);
  EXPECT_EQ(std::ssize(away.requests()), tries_max);
  Script script({hang_up, busy});
  TestServer doubtful([&script](Conversation& talk) { script(talk); });
  EXPECT_EQ(error_of(ApiClient(options_of(doubtful)).call(creation())).code, ErrorCode::in_doubt);
}

TEST(ApiClient, what_is_not_safe_to_repeat_is_sent_once) {
  for (const Script::Step answer : {&hang_up, &busy}) {
    TestServer server(answer);
    EXPECT_FALSE(ApiClient(options_of(server)).call(creation(/*safe_to_repeat=*/false)));
    EXPECT_EQ(server.requests().size(), 1U);
  }
}

TEST(ApiClient, a_kept_connection_that_has_died_sends_nothing_twice) {
  Script script({good, hang_up});
  TestServer server([&script](Conversation& talk) { script(talk); });
  ApiClient client(options_of(server));
  must(client.call(creation(false)));
  EXPECT_EQ(error_of(client.call(creation(false))).code, ErrorCode::in_doubt);
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(ApiClient, a_look_whose_answer_is_lost_did_nothing) {
  TestServer server(hang_up);
  EXPECT_EQ(error_of(ApiClient(options_of(server)).get("/stats")).code, ErrorCode::unavailable);
}

TEST(ApiClient, where_nobody_listens_nothing_was_sent) {
  int port = 0;
  {
    const TestServer gone(good);
    port = gone.port();
  }
  ApiClient client({.base = fmt::format("http://127.0.0.1:{}", port)});
  EXPECT_EQ(error_of(client.call(creation())).code, ErrorCode::unavailable);
}

TEST(ApiClient, an_answer_that_breaks_off_is_lost) {
  for (const std::string_view part :
       {"HTTP/1.1 201 Created\r\n", "HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{}"}) {
    TestServer server([part](Conversation& talk) {
      talk.send(part);
      talk.hang_up = true;
    });
    EXPECT_EQ(error_of(ApiClient(options_of(server)).call(creation(false))).code,
              ErrorCode::in_doubt)
        << part;
  }
}

TEST(ApiClient, redirects_are_not_followed) {
  TestServer other(good);
  const auto location = fmt::format("Location: {}\r\n", other.url());
  TestServer server([&](Conversation& talk) { talk.answer(302, "", location); });
  EXPECT_EQ(error_of(ApiClient(options_of(server)).get("/stats")).code, ErrorCode::internal);
  EXPECT_TRUE(other.requests().empty());
}

TEST(ApiClient, proxies_of_the_environment_are_left_alone) {
  TestServer proxy(good);
  TestServer server(good);
  for (const auto* name : {"http_proxy", "all_proxy"}) {
    setenv(name, proxy.url().c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  }
  EXPECT_TRUE(ApiClient(options_of(server)).get("/stats"));
  for (const auto* name : {"http_proxy", "all_proxy"}) {
    unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
  }
  EXPECT_TRUE(proxy.requests().empty());
}

TEST(ApiClient, an_answer_over_its_limit_is_not_read) {
  TestServer body([](Conversation& talk) {
    talk.send(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", answer_bytes_max + 1));
    const std::string piece(1024 * 1024, ' ');
    for (std::size_t sent = 0; sent <= answer_bytes_max && talk.send(piece);) sent += piece.size();
  });
  EXPECT_EQ(error_of(ApiClient(options_of(body)).get("/tasks")).code, ErrorCode::internal);
  TestServer head([](Conversation& talk) {
    const auto more = "X: " + std::string(answer_header_bytes_max, 'x') + "\r\n";
    talk.answer(200, "{}", more);
  });
  EXPECT_FALSE(ApiClient(options_of(head)).get("/tasks"));
}

TEST(ApiClient, what_is_no_json_is_the_server_s_error) {
  TestServer server([](Conversation& talk) { talk.answer(200, "<html>"); });
  EXPECT_EQ(error_of(ApiClient(options_of(server)).get("/tasks")).code, ErrorCode::internal);
}

TEST(ApiClient, a_stop_ends_a_look_that_waits) {
  TestServer server([](Conversation& talk) { talk.wait_closed(); });
  auto options = options_of(server);
  options.stopped = [] { return true; };
  const auto error = error_of(ApiClient(options).get("/stats"));
  EXPECT_EQ(error.code, ErrorCode::internal);
  EXPECT_EQ(error.message, "interrupted");
}

TEST(ApiClient, a_server_that_nobody_vouches_for_gets_no_request_and_no_key) {
  test::TlsServer server;
  ApiClient client(
      {.base = fmt::format("https://localhost:{}", server.port()), .key = "esk_token"});
  const auto error = error_of(client.call(creation()));
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_NE(error.message.find("certificate"), std::string::npos) << error.message;
  EXPECT_EQ(server.received(), "");
}

TEST(ApiClient, an_authority_of_one_s_own_is_trusted) {
  test::TlsServer server(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "ca.pem";
  std::ofstream(file) << server.certificate_pem();
  ApiClient client({.base = fmt::format("https://localhost:{}", server.port()),
                    .key = "esk_token",
                    .ca_file = file.string()});
  EXPECT_EQ(to_text(must(client.get("/stats"))), "{}");
  EXPECT_NE(server.received().find("Authorization: Bearer esk_token"), std::string::npos);
}

}  // namespace
}  // namespace esteira::client
