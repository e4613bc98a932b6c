// A client of a server of this machine that says what it is told to, byte for byte.
#pragma once

#include <arpa/inet.h>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace esteira::test {

class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
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

}  // namespace esteira::test
