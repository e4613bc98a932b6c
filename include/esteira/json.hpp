// The JSON value (Boost.JSON, the one third-party type of the public headers) and its text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "esteira/error.hpp"

namespace esteira {

using Json = boost::json::value;
using JsonObject = boost::json::object;
using JsonArray = boost::json::array;

struct JsonLimits {
  std::size_t bytes_max = 1024 * 1024;
  std::size_t depth_max = 64;
};

// Reads one JSON document. Refused as invalid_argument, with what and where: text over the limits,
// invalid UTF-8, NUL (raw or \u0000), lone surrogates, duplicate keys, numbers that are not finite,
// anything after the document. Numbers are 64-bit integers where they are whole and fit, else
// IEEE 754 doubles.
[[nodiscard]] Expected<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

// Checks a value that a program built by hand: depth, UTF-8, NUL, finite numbers.
[[nodiscard]] Expected<void> check_json(const Json& value, const JsonLimits& limits = {});

// Compact text. Doubles are written in their shortest plain form (12.34, not 1.234E1).
[[nodiscard]] std::string to_text(const Json& value);

// Indented by two spaces, for people.
[[nodiscard]] std::string to_pretty_text(const Json& value);

}  // namespace esteira
