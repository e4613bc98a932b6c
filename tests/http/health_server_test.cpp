#include "http/health_server.hpp"

#include <atomic>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "esteira/repository.hpp"
#include "support/client.hpp"
#include "support/expectations.hpp"

namespace esteira::http {
namespace {

using esteira::test::Client;
using esteira::test::error_of;
using esteira::test::eventually;
using esteira::test::must;
using namespace std::chrono_literals;

Expected<std::unique_ptr<Services>> open_database() {
  const auto open = [] { return open_repository("sqlite::memory:", Migrate::always); };
  return services_opener(open, nullptr, std::make_shared<DatabaseClock>())();
}

Expected<void> always_ready() { return {}; }

HealthOptions options_with(ServicePool::Open open, std::function<Expected<void>()> ready) {
  HealthOptions options{.open = std::move(open), .ready = std::move(ready)};
  options.server.listen = {.host = "127.0.0.1", .port = 0};
  return options;
}

HealthOptions plain_options() { return options_with(open_database, always_ready); }

std::string request(std::string_view target, std::string_view more = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(more) +
         "\r\n";
}

std::string ask(const Server& server, std::string_view target) {
  Client client(server.address().port);
  client.send(request(target, "Connection: close\r\n"));
  return client.read_all();
}

TEST(HealthServer, it_answers_on_the_port_that_it_was_given) {
  const auto server = must(start_health_server(plain_options()));
  EXPECT_NE(server->address().port, 0);
  const auto answer = ask(*server, "/healthz");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  EXPECT_TRUE(answer.ends_with(R"({"status":"ok"})")) << answer;
}

TEST(HealthServer, a_head_request_has_the_length_but_no_body) {
  const auto server = must(start_health_server(plain_options()));
  Client client(server->address().port);
  client.send("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const auto answer = client.read_all();
  EXPECT_NE(answer.find("Content-Length: 15\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST(HealthServer, one_connection_carries_many_requests) {
  const auto server = must(start_health_server(plain_options()));
  Client client(server->address().port);
  for (const auto* target : {"/healthz", "/readyz", "/healthz"}) {
    client.send(request(target));
    EXPECT_TRUE(client.read_until("}").starts_with("HTTP/1.1 200 ")) << target;
  }
}

TEST(HealthServer, readiness_follows_the_database) {
  std::atomic<bool> away{true};
  const auto open = [&away]() -> Expected<std::unique_ptr<Services>> {
    if (away.load()) return fail(ErrorCode::unavailable, "away");
    return open_database();
  };
  const auto server = must(start_health_server(options_with(open, always_ready)));
  EXPECT_TRUE(ask(*server, "/readyz").starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(ask(*server, "/healthz").starts_with("HTTP/1.1 200 "));
  away.store(false);
  EXPECT_TRUE(ask(*server, "/readyz").starts_with("HTTP/1.1 200 "));
}

TEST(HealthServer, a_process_that_is_not_ready_says_why) {
  const auto ready = [] { return Expected<void>(fail(ErrorCode::unavailable, "it is stopping")); };
  const auto server = must(start_health_server(options_with(open_database, ready)));
  const auto answer = ask(*server, "/readyz");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
  EXPECT_NE(answer.find("it is stopping"), std::string::npos) << answer;
}

TEST(HealthServer, a_question_that_throws_is_an_answer_too) {
  const auto throwing = []() -> Expected<void> { throw std::runtime_error("broken"); };
  const auto server = must(start_health_server(options_with(open_database, throwing)));
  EXPECT_TRUE(ask(*server, "/readyz").starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(ask(*server, "/readyz").starts_with("HTTP/1.1 503 "));
}

// A database that does not answer until it is let go.
class Hanging {
 public:
  ~Hanging() { let_go(); }
  ServicePool::Open open() {
    return [this]() -> Expected<std::unique_ptr<Services>> {
      ++questions_;
      gone_.wait(false);
      return fail(ErrorCode::unavailable, "away");
    };
  }
  void let_go() {
    gone_.store(true);
    gone_.notify_all();
  }
  [[nodiscard]] int questions() const { return questions_.load(); }

 private:
  std::atomic<bool> gone_{false};
  std::atomic<int> questions_{0};
};

TEST(HealthServer, a_database_that_hangs_delays_neither_readiness_nor_health) {
  Hanging database;
  auto options = options_with(database.open(), always_ready);
  options.limit = 20ms;
  const auto server = must(start_health_server(std::move(options)));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(ask(*server, "/readyz").starts_with("HTTP/1.1 503 "));
    EXPECT_TRUE(ask(*server, "/healthz").starts_with("HTTP/1.1 200 "));
  }
  EXPECT_EQ(database.questions(), 1) << "those who ask meanwhile share the answer";
  database.let_go();
}

TEST(HealthServer, what_is_no_request_is_refused_and_the_connection_closed) {
  const auto server = must(start_health_server(plain_options()));
  struct Case {
    std::string text;
    std::string_view status;
  };
  for (const auto& [text, status] : {
           Case{"rubbish\r\n\r\n", "400"},
           Case{"GET / HTTP/1.1\r\nX: " + std::string(17'000, 'a') + "\r\n\r\n", "431"},
           Case{"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", "413"},
           Case{"POST /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "405"},
           Case{"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"},
           Case{"GET /healthz/ HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"},
           Case{"GET /healthz HTTP/1.1\r\n\r\n", "400"},
           Case{"GET /healthz HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n", "421"},
       }) {
    Client client(server->address().port);
    client.send(text);
    client.end_sending();
    const auto answer = client.read_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::string(status))) << answer;
  }
}

TEST(HealthServer, a_wrong_method_is_told_the_right_ones) {
  const auto server = must(start_health_server(plain_options()));
  for (const std::string path : {"/readyz", "/healthz"}) {
    Client client(server->address().port);
    client.send("DELETE " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto answer = client.read_all();
    EXPECT_NE(answer.find("\r\nAllow: GET, HEAD\r\n"), std::string::npos) << answer;
    EXPECT_NE(answer.find("application/problem+json"), std::string::npos) << answer;
  }
}

TEST(HealthServer, a_silent_client_is_dropped) {
  auto options = plain_options();
  options.server.head_limit = 20ms;
  const auto server = must(start_health_server(std::move(options)));
  Client client(server->address().port);
  client.send("GET /heal");
  EXPECT_EQ(client.read_all(), "");
}

TEST(HealthServer, connections_over_the_limit_are_closed_and_then_there_is_room_again) {
  auto options = plain_options();
  options.server.connections_max = 1;
  const auto server = must(start_health_server(std::move(options)));
  {
    Client first(server->address().port);
    first.send(request("/healthz"));
    EXPECT_TRUE(first.read_until("}").starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(ask(*server, "/healthz"), "");
  }
  EXPECT_TRUE(eventually(30s, [&] { return !ask(*server, "/healthz").empty(); }));
}

TEST(HealthServer, it_stops_while_a_connection_is_open_and_a_question_under_way) {
  Hanging database;
  auto options = options_with(database.open(), always_ready);
  options.limit = 20ms;
  auto server = must(start_health_server(std::move(options)));
  const Client idle(server->address().port);
  Client client(server->address().port);
  client.send(request("/readyz"));
  EXPECT_TRUE(eventually(30s, [&] { return database.questions() > 0; }));
  std::jthread stopping([&server] { server->stop(); });
  // What was asked before the stop is answered, and then the connection ends.
  EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 503 "));
  database.let_go();
}

TEST(HealthServer, an_address_that_others_reach_is_refused) {
  auto options = plain_options();
  options.server.listen = {.host = "0.0.0.0", .port = 0};
  const auto error = error_of(start_health_server(std::move(options)));
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
}

TEST(HealthServer, a_port_that_is_taken_is_told) {
  const auto first = must(start_health_server(plain_options()));
  auto options = plain_options();
  options.server.listen = first->address();
  EXPECT_EQ(error_of(start_health_server(std::move(options))).code, ErrorCode::internal);
}

}  // namespace
}  // namespace esteira::http
