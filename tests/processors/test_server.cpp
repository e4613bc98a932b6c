#include "processors/test_server.hpp"

#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

namespace esteira::test {
namespace {

// False: the server ends.
bool wait_readable(int fd, int stop_fd) {
  std::array<pollfd, 2> fds{{{fd, POLLIN, 0}, {stop_fd, POLLIN, 0}}};
  while (poll(fds.data(), fds.size(), -1) < 0) {
  }
  return fds[1].revents == 0;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

Received read_head(std::string_view head) {
  Received received;
  auto line_end = head.find("\r\n");
  const auto first = head.substr(0, line_end);
  received.method = first.substr(0, first.find(' '));
  const auto rest = first.substr(received.method.size() + 1);
  received.target = rest.substr(0, rest.find(' '));
  while (line_end != std::string_view::npos) {
    head.remove_prefix(line_end + 2);
    line_end = head.find("\r\n");
    const auto line = head.substr(0, line_end);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    received.headers[lower(line.substr(0, colon))] = value;
  }
  return received;
}

std::size_t content_length(const Received& received) {
  const auto found = received.headers.find("content-length");
  std::size_t length = 0;
  if (found == received.headers.end()) return length;
  const auto& text = found->second;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

// Empty where the other side or the server ends first. `held` keeps what belongs to the next one.
std::optional<Received> read_request(int fd, int stop_fd, std::string& held) {
  std::optional<Received> received;
  for (;;) {
    const auto head_end = held.find("\r\n\r\n");
    if (!received && head_end != std::string::npos) {
      received = read_head(std::string_view(held).substr(0, head_end));
      held.erase(0, head_end + 4);
    }
    if (received && held.size() >= content_length(*received)) {
      received->body = held.substr(0, content_length(*received));
      held.erase(0, received->body.size());
      return received;
    }
    std::array<char, 65536> buffer{};
    if (!wait_readable(fd, stop_fd)) return std::nullopt;
    const auto got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) return std::nullopt;
    held.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

int listen_on(const std::string& address, int port) {
  const bool six = address.find(':') != std::string::npos;
  const int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_in);
  if (six) {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(static_cast<std::uint16_t>(port));
    inet_pton(AF_INET6, address.c_str(), &in.sin6_addr);
    length = sizeof in;
    std::memcpy(&storage, &in, length);
  } else {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(static_cast<std::uint16_t>(port));
    inet_pton(AF_INET, address.c_str(), &in.sin_addr);
    std::memcpy(&storage, &in, length);
  }
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  const auto* name = reinterpret_cast<const sockaddr*>(&storage);
  if (fd >= 0 && bind(fd, name, length) == 0 && listen(fd, 64) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

int port_of(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return 0;
  sockaddr_in in{};  // the port stands at the same place in both families
  std::memcpy(&in, &storage, sizeof in);
  return ntohs(in.sin_port);
}

}  // namespace

bool Conversation::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Conversation::answer(int status, std::string_view body, std::string_view headers) {
  send(fmt::format("HTTP/1.1 {} Words\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(),
                   headers, request.method == "HEAD" ? "" : body));
}

void Conversation::wait_closed() {
  std::array<char, 4096> buffer{};
  while (wait_readable(fd_, stop_fd_) && recv(fd_, buffer.data(), buffer.size(), 0) > 0) {
  }
}

TestServer::TestServer(Handler handler, const std::string& address, int port)
    : handler_(std::move(handler)),
      listener_(listen_on(address, port)),
      stop_fd_(eventfd(0, EFD_CLOEXEC)),
      port_(port_of(listener_)) {
  if (listener_ >= 0) acceptor_ = std::jthread([this] { accept_all(); });
}

TestServer::~TestServer() {
  eventfd_write(stop_fd_, 1);
  if (acceptor_.joinable()) acceptor_.join();
  speakers_.clear();
  if (listener_ >= 0) close(listener_);
  close(stop_fd_);
}

std::string TestServer::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

std::vector<Received> TestServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void TestServer::accept_all() {
  while (wait_readable(listener_, stop_fd_)) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections_;
    speakers_.emplace_back([this, fd] { serve(fd); });
  }
}

void TestServer::serve(int fd) {
  std::string held;
  while (auto received = read_request(fd, stop_fd_, held)) {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(*received);
    }
    Conversation conversation(fd, stop_fd_, *std::move(received));
    handler_(conversation);
    if (conversation.hang_up) break;
  }
  close(fd);
}

}  // namespace esteira::test
