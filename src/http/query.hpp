// The part of a target after "?".
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "esteira/error.hpp"
#include "esteira/time.hpp"

namespace esteira::http {

// %41 becomes A; nothing for "%" without two hexadecimal digits and for what is no UTF-8.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);

class Query {
 public:
  // invalid_argument: a name that is not among `known`, or stands twice, or can't be decoded.
  [[nodiscard]] static Expected<Query> parse(std::string_view text,
                                             std::span<const std::string_view> known);

  // An empty value counts as absent.
  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  // invalid_argument names the parameter and what was expected.
  [[nodiscard]] Expected<std::optional<std::int64_t>> integer(std::string_view name,
                                                              std::int64_t low,
                                                              std::int64_t high) const;
  [[nodiscard]] Expected<std::optional<Time>> time(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace esteira::http
