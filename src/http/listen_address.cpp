#include "http/listen_address.hpp"

#include <arpa/inet.h>
#include <charconv>

#include <fmt/format.h>

namespace esteira::http {
namespace {

bool is_numeric_v4(const std::string& host) {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool is_numeric_v6(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::unexpected<Error> refuse(std::string_view text) {
  return fail(ErrorCode::invalid_argument,
              fmt::format("'{}' is no address to listen on: use ADDRESS:PORT, such as "
                          "127.0.0.1:8080 or [::1]:8080",
                          text));
}

// "host:port" or "[host]:port"; an absent port is nothing.
struct HostAndPort {
  std::string host;
  std::string_view port;
};
HostAndPort split(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find("]:");
    if (end != std::string_view::npos) {
      return {std::string(text.substr(1, end - 1)), text.substr(end + 2)};
    }
    const bool closed = text.ends_with(']');
    return {std::string(closed ? text.substr(1, text.size() - 2) : text), {}};
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return {std::string(text), {}};
  return {std::string(text.substr(0, colon)), text.substr(colon + 1)};
}

}  // namespace

Expected<ListenAddress> parse_listen_address(std::string_view text) {
  auto [host, port_text] = split(text);
  ListenAddress address{.host = std::move(host)};
  const auto* end = port_text.data() + port_text.size();
  const auto [stop, error] = std::from_chars(port_text.data(), end, address.port);
  if (port_text.empty() || error != std::errc{} || stop != end) return refuse(text);
  const bool known = text.starts_with('[')
                         ? is_numeric_v6(address.host)
                         : address.host == "localhost" || is_numeric_v4(address.host);
  if (!known) return refuse(text);
  return address;
}

std::string to_text(const ListenAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", address.host, address.port)
            : fmt::format("{}:{}", address.host, address.port);
}

bool is_loopback(const ListenAddress& address) {
  if (address.host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, address.host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, address.host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool is_loopback_host(std::string_view host) {
  const auto name = split(host).host;
  return name == "localhost" || is_loopback({.host = name});
}

}  // namespace esteira::http
