#include "http/health_server.hpp"

#include <arpa/inet.h>
#include <atomic>
#include <latch>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/expectations.hpp"

namespace esteira::http {
namespace {

using esteira::test::error_of;
using esteira::test::eventually;
using esteira::test::must;
using namespace std::chrono_literals;

// A connection to the server, spoken to in plain text.
class Client {
 public:
  explicit Client(const HealthServer& server) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.address().port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{.tv_sec = 30, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    const auto* plain = reinterpret_cast<const sockaddr*>(&address);
    if (connect(socket_, plain, sizeof address) != 0) throw std::runtime_error("no connection");
  }
  ~Client() { close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string_view text) { ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }
  // Until the text holds `end`, or the server closes.
  std::string read_until(std::string_view end) {
    std::string text;
    char buffer[4096];
    while (text.find(end) == std::string::npos) {
      const auto count = recv(socket_, buffer, sizeof buffer, 0);
      if (count <= 0) break;
      text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
  }
  std::string read_all() { return read_until("\n\n\n"); }
  void end_sending() { shutdown(socket_, SHUT_WR); }

 private:
  int socket_;
};

HealthOptions options_with(std::function<Expected<void>()> ready) {
  return {.listen = {.host = "127.0.0.1", .port = 0}, .ready = std::move(ready)};
}

Expected<void> always_ready() { return {}; }

std::string request(std::string_view target, std::string_view more = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(more) +
         "\r\n";
}

std::string ask(const HealthServer& server, std::string_view target) {
  Client client(server);
  client.send(request(target, "Connection: close\r\n"));
  return client.read_all();
}

TEST(HealthServer, it_answers_on_the_port_that_it_was_given) {
  const auto server = must(HealthServer::start(options_with(always_ready)));
  EXPECT_NE(server->address().port, 0);
  const auto answer = ask(*server, "/healthz");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  EXPECT_TRUE(answer.ends_with(R"({"status":"ok"})")) << answer;
}

TEST(HealthServer, a_head_request_has_the_length_but_no_body) {
  const auto server = must(HealthServer::start(options_with(always_ready)));
  Client client(*server);
  client.send("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const auto answer = client.read_all();
  EXPECT_NE(answer.find("Content-Length: 15\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST(HealthServer, one_connection_carries_many_requests) {
  const auto server = must(HealthServer::start(options_with(always_ready)));
  Client client(*server);
  for (const auto* target : {"/healthz", "/readyz", "/healthz"}) {
    client.send(request(target));
    EXPECT_TRUE(client.read_until("}").starts_with("HTTP/1.1 200 ")) << target;
  }
}

TEST(HealthServer, readiness_follows_the_database) {
  std::atomic<bool> away{true};
  const auto server = must(HealthServer::start(options_with([&away]() -> Expected<void> {
    if (away.load()) return fail(ErrorCode::unavailable, "away");
    return {};
  })));
  EXPECT_TRUE(ask(*server, "/readyz").starts_with("HTTP/1.1 503 "));
  away.store(false);
  EXPECT_TRUE(ask(*server, "/readyz").starts_with("HTTP/1.1 200 "));
}

TEST(HealthServer, a_question_that_throws_is_an_answer_too) {
  const auto server = must(HealthServer::start(
      options_with([]() -> Expected<void> { throw std::runtime_error("broken"); })));
  EXPECT_TRUE(ask(*server, "/readyz").starts_with("HTTP/1.1 503 "));
}

TEST(HealthServer, a_database_that_hangs_delays_neither_readiness_nor_health) {
  std::latch let_go(1);
  auto options = options_with([&let_go]() -> Expected<void> {
    let_go.wait();
    return {};
  });
  options.ready_limit = 20ms;
  const auto server = must(HealthServer::start(std::move(options)));
  EXPECT_TRUE(ask(*server, "/readyz").starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(ask(*server, "/healthz").starts_with("HTTP/1.1 200 "));
  let_go.count_down();
}

TEST(HealthServer, what_is_no_request_is_refused_and_the_connection_closed) {
  const auto server = must(HealthServer::start(options_with(always_ready)));
  struct Case {
    std::string text;
    std::string_view status;
  };
  for (const auto& [text, status] : {
           Case{"rubbish\r\n\r\n", "400"},
           Case{"GET / HTTP/1.1\r\nX: " + std::string(9000, 'a') + "\r\n\r\n", "431"},
           Case{"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", "413"},
           Case{"GET /healthz HTTP/1.1\r\n\r\n", "400"},
           Case{"GET /healthz HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n", "421"},
       }) {
    Client client(*server);
    client.send(text);
    client.end_sending();
    const auto answer = client.read_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::string(status))) << answer;
  }
}

TEST(HealthServer, a_silent_client_is_dropped) {
  auto options = options_with(always_ready);
  options.request_limit = 20ms;
  const auto server = must(HealthServer::start(std::move(options)));
  Client client(*server);
  client.send("GET /heal");
  EXPECT_EQ(client.read_all(), "");
}

TEST(HealthServer, connections_over_the_limit_are_closed_and_then_there_is_room_again) {
  auto options = options_with(always_ready);
  options.connections_max = 1;
  const auto server = must(HealthServer::start(std::move(options)));
  {
    Client first(*server);
    first.send(request("/healthz"));
    EXPECT_TRUE(first.read_until("}").starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(ask(*server, "/healthz"), "");
  }
  EXPECT_TRUE(eventually(30s, [&] { return !ask(*server, "/healthz").empty(); }));
}

TEST(HealthServer, it_stops_while_a_connection_is_open_and_a_question_under_way) {
  std::latch asked(1);
  std::latch let_go(1);
  auto server = must(HealthServer::start(options_with([&]() -> Expected<void> {
    asked.count_down();
    let_go.wait();
    return {};
  })));
  Client client(*server);
  client.send(request("/readyz"));
  asked.wait();
  server->stop();
  let_go.count_down();
  server.reset();
  EXPECT_EQ(client.read_all(), "");
}

TEST(HealthServer, an_address_that_others_reach_is_refused) {
  auto options = options_with(always_ready);
  options.listen = {.host = "0.0.0.0", .port = 0};
  const auto error = error_of(HealthServer::start(std::move(options)));
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
}

TEST(HealthServer, a_port_that_is_taken_is_told) {
  const auto first = must(HealthServer::start(options_with(always_ready)));
  auto options = options_with(always_ready);
  options.listen = first->address();
  EXPECT_EQ(error_of(HealthServer::start(std::move(options))).code, ErrorCode::internal);
}

}  // namespace
}  // namespace esteira::http
