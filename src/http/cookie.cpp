#include "http/cookie.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace esteira::http {
namespace {

std::string_view name_of(const Request& request) {
  return request.secure ? "__Host-esteira" : "esteira";
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::string_view> session_cookie(const Request& request) {
  const auto name = name_of(request);
  for (const auto& header : request.headers) {
    if (!same_name(header.name, "Cookie")) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const auto end = std::min(rest.find(';'), rest.size());
      const auto pair = trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
        return pair.substr(name.size() + 1);
      }
    }
  }
  return std::nullopt;
}

Header set_session_cookie(const Request& request, std::string_view token, Duration life) {
  return {"Set-Cookie",
          fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", name_of(request),
                      token, std::chrono::floor<std::chrono::seconds>(life).count(),
                      request.secure ? "; Secure" : "")};
}

bool is_same_origin(const Request& request) {
  // Set by the browser itself, whatever the page says.
  if (const auto site = request.header("Sec-Fetch-Site")) return *site == "same-origin";
  const auto origin = request.header("Origin");
  const auto host = request.header("Host");
  if (!origin || !host) return false;
  const auto mark = origin->find("://");
  return mark != std::string_view::npos && same_name(origin->substr(mark + 3), *host);
}

}  // namespace esteira::http
