// Where a server is.
#pragma once

#include <string>
#include <string_view>

#include "esteira/error.hpp"

namespace esteira::client {

struct ServerUrl {
  std::string base;     // "https://host:8443/prefix", without a slash at its end
  std::string host;     // "host", "127.0.0.1", "[::1]"
  bool secure = false;  // https
};

// "http://…" or "https://…", with a path before the server's own if it stands behind a proxy.
// invalid_argument: it is malformed, or holds a user name, a password, a query or a fragment. The
// message does not repeat it.
[[nodiscard]] Expected<ServerUrl> parse_server_url(std::string_view text);

// Percent-encoded, for one segment of a path or a value of a query.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace esteira::client
