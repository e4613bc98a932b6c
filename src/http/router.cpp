#include "http/router.hpp"

#include <algorithm>
#include <optional>

namespace esteira::http {
namespace {

// The part up to the next "/" and what follows it.
std::pair<std::string_view, std::string_view> first_segment(std::string_view path) {
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return {path, {}};
  return {path.substr(0, slash), path.substr(slash)};
}

std::optional<std::vector<std::string>> captures_of(std::string_view pattern,
                                                    std::string_view path) {
  std::vector<std::string> captures;
  while (!pattern.empty() && !path.empty()) {
    if (pattern.front() != '/' || path.front() != '/') return std::nullopt;
    const auto [wanted, pattern_rest] = first_segment(pattern.substr(1));
    const auto [given, path_rest] = first_segment(path.substr(1));
    if (wanted.starts_with('{')) {
      auto decoded = percent_decoded(given, false);
      if (!decoded || decoded->empty()) return std::nullopt;
      captures.push_back(std::move(*decoded));
    } else if (wanted != given) {
      return std::nullopt;
    }
    pattern = pattern_rest;
    path = path_rest;
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return captures;
}

}  // namespace

Router::Match Router::find(std::string_view method, std::string_view path) const {
  Match match;
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (const auto& route : routes_) {
    auto captures = captures_of(route.pattern, path);
    if (!captures) continue;
    if (route.method == wanted) {
      return {.route = &route, .captures = std::move(*captures)};
    }
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += route.method;
    if (route.method == "GET") match.allow += ", HEAD";
  }
  return match;
}

}  // namespace esteira::http
