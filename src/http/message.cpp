#include "http/message.hpp"

#include <algorithm>

namespace esteira::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  const auto found =
      std::ranges::find_if(headers, [&](const Header& one) { return same_name(one.name, name); });
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

}  // namespace esteira::http
