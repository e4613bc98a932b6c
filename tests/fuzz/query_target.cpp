// Targets: the query's parameters and cursors, and what the router finds in a path. An input is a
// target as it stands in a request line.
#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "base/utf8.hpp"
#include "fuzz/target.hpp"
#include "http/query.hpp"
#include "http/router.hpp"

namespace esteira::fuzz {
namespace {

constexpr std::array<std::string_view, 7> known{"status",         "type",   "tag",  "created_after",
                                                "created_before", "cursor", "limit"};

bool is_text(std::string_view text) {
  return find_invalid_utf8(text) == std::string_view::npos && text.find('\0') == text.npos;
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return encoded;
}

void check_decoding(std::string_view text) {
  for (const bool plus_is_space : {false, true}) {
    const auto decoded = http::percent_decoded(text, plus_is_space);
    if (!decoded) continue;
    require(is_text(*decoded), "what is decoded is UTF-8 without NUL");
    require(decoded->size() <= text.size(), "decoding makes nothing longer");
    require(http::percent_decoded(percent_encoded(*decoded), plus_is_space) == decoded,
            "what was decoded can be encoded again");
  }
}

void check_query(std::string_view text) {
  const auto query = http::Query::parse(text, known);
  if (!query) {
    require(query.error().code == ErrorCode::invalid_argument, "a query is refused as such");
    require(is_text(query.error().message), "a refusal is text");
    return;
  }
  for (const auto name : known) {
    const auto value = query->text(name);
    require(!value || (!value->empty() && is_text(*value)), "a parameter is text");
    const auto number = query->integer(name, 1, std::numeric_limits<std::int64_t>::max());
    require(!number || !*number || **number >= 1, "a number is within its bounds");
    const auto page = query->integer(name, 1, 1000);
    require(!page || !*page || (number && **number == **page), "bounds change no number");
    const auto time = query->time(name);
    if (time && *time) {
      const auto again = try_parse_time(format_time(**time));
      require(again && *again == **time, "a time is written as it is read");
    }
  }
}

const http::Router& router() {
  static const http::Router table([] {
    std::vector<http::Route> routes;
    const http::Handler nothing = [](const http::Call&, http::Services&) {
      return http::Response{};
    };
    for (const std::string_view pattern :
         {"/healthz", "/api/v1/tasks", "/api/v1/tasks/batch", "/api/v1/tasks/{id}",
          "/api/v1/tasks/{id}/executions", "/api/v1/types/{name}", "/{a}/{b}/x"}) {
      routes.push_back({"GET", pattern, std::nullopt, nothing});
      routes.push_back({"POST", pattern, std::nullopt, nothing});
    }
    return routes;
  }());
  return table;
}

void check_route(std::string_view path) {
  for (const std::string_view method : {"GET", "HEAD", "POST", "DELETE"}) {
    const auto match = router().find(method, path);
    require(match.route == nullptr || match.allow.empty(), "a route needs no other method");
    if (match.route == nullptr) continue;
    require(method != "DELETE", "a method without a route finds none");
    require(std::ranges::count(path, '/') == std::ranges::count(match.route->pattern, '/'),
            "a path has as many parts as its pattern");
    require(std::ssize(match.captures) == std::ranges::count(match.route->pattern, '{'),
            "each {…} has captured one part");
    for (const auto& capture : match.captures) {
      require(!capture.empty() && is_text(capture), "a captured part is text");
    }
  }
}

}  // namespace
}  // namespace esteira::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace esteira::fuzz;  // NOLINT(google-build-using-namespace)
  const auto target = text_of(data, size);
  const auto mark = target.find('?');
  check_decoding(target);
  check_route(target.substr(0, mark));
  check_query(mark == std::string_view::npos ? target : target.substr(mark + 1));
  return 0;
}
