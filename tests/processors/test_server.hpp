// A small HTTP server on loopback that answers as a test wants, well or badly.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace esteira::test {

struct Received {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// One request, and the connection that waits for its answer.
class Conversation {
 public:
  Conversation(int fd, int stop_fd, Received received)
      : request(std::move(received)), fd_(fd), stop_fd_(stop_fd) {}

  // False where the other side has gone.
  bool send(std::string_view bytes);
  // "HTTP/1.1 STATUS" with a content length, and these header lines ("Name: value\r\n"…).
  void answer(int status, std::string_view body = "", std::string_view headers = "");
  // Until the other side hangs up or the server ends.
  void wait_closed();

  const Received request;
  bool hang_up = false;  // after the handler

 private:
  int fd_;
  int stop_fd_;
};

class TestServer {
 public:
  using Handler = std::function<void(Conversation&)>;
  // `address` is 127.0.0.1 or ::1; port 0: any free one.
  explicit TestServer(Handler handler, const std::string& address = "127.0.0.1", int port = 0);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  [[nodiscard]] bool listens() const { return listener_ >= 0; }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url(std::string_view path = "/") const;
  [[nodiscard]] int connections() const { return connections_; }
  [[nodiscard]] std::vector<Received> requests() const;

 private:
  void accept_all();
  void serve(int fd);

  const Handler handler_;
  int listener_ = -1;
  int stop_fd_ = -1;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  mutable std::mutex mutex_;
  std::vector<Received> requests_;      // under mutex_
  std::vector<std::jthread> speakers_;  // of the accepting thread, then of the destructor
  std::jthread acceptor_;
};

}  // namespace esteira::test
