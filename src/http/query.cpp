#include "http/query.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/utf8.hpp"

namespace esteira::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::unexpected<Error> bad(std::string_view name, std::string_view why) {
  return fail(ErrorCode::invalid_argument,
              fmt::format("the query parameter '{}' {}", clean_text(name, 100), why));
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  const bool good = find_invalid_utf8(decoded) == std::string_view::npos &&
                    decoded.find('\0') == std::string::npos;
  return good ? std::optional(std::move(decoded)) : std::nullopt;
}

Expected<Query> Query::parse(std::string_view text, std::span<const std::string_view> known) {
  Query query;
  while (!text.empty()) {
    const auto pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const auto value_text =
        equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    const auto name = percent_decoded(pair.substr(0, equals), true);
    auto value = percent_decoded(value_text, true);
    if (!name || !value) {
      return fail(ErrorCode::invalid_argument, "the query is not percent-encoded UTF-8");
    }
    if (std::ranges::find(known, std::string_view(*name)) == known.end()) {
      return bad(*name, "is not known here");
    }
    if (!query.values_.emplace(*name, std::move(*value)).second) return bad(*name, "stands twice");
  }
  return query;
}

std::optional<std::string> Query::text(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

Expected<std::optional<std::int64_t>> Query::integer(std::string_view name, std::int64_t low,
                                                     std::int64_t high) const {
  const auto given = text(name);
  if (!given) return std::nullopt;
  std::int64_t value = 0;
  const auto* end = given->data() + given->size();
  const auto [stop, error] = std::from_chars(given->data(), end, value);
  if (error != std::errc{} || stop != end || value < low || value > high) {
    return bad(name, fmt::format("must be a whole number from {} to {}", low, high));
  }
  return value;
}

Expected<std::optional<Time>> Query::time(std::string_view name) const {
  const auto given = text(name);
  if (!given) return std::nullopt;
  if (auto parsed = try_parse_time(*given)) return *parsed;
  return bad(name, "must be an RFC 3339 time, such as 2024-12-25T00:00:00Z");
}

}  // namespace esteira::http
