// An address to listen on: "127.0.0.1:8080", "localhost:8080", "[::1]:8080".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "esteira/error.hpp"

namespace esteira::http {

struct ListenAddress {
  std::string host;        // a numeric address, or "localhost"
  std::uint16_t port = 0;  // 0: any free port
};

[[nodiscard]] Expected<ListenAddress> parse_listen_address(std::string_view text);

// "127.0.0.1:8080", "[::1]:8080"
[[nodiscard]] std::string to_text(const ListenAddress& address);

// Only this machine reaches it.
[[nodiscard]] bool is_loopback(const ListenAddress& address);

// The value of a Host header names this machine's loopback: a page in a browser that reaches the
// server through a name of its own (DNS rebinding) does not.
[[nodiscard]] bool is_loopback_host(std::string_view host);

}  // namespace esteira::http
