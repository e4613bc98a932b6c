#include "esteira/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include "base/utf8.hpp"

namespace esteira {
namespace {

namespace json = boost::json;

// Builds the value and refuses what Boost.JSON lets pass: duplicate keys and NUL in strings.
// (Its own parser keeps the last of two equal keys silently.)
struct Handler {
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  // One open object or array.
  struct Level {
    json::value value;
    std::string key;  // the key that waits for its value
  };

  std::vector<Level> levels;
  json::value root;
  std::string text;  // of the key or string that arrives in parts
  std::string problem;

  bool refuse(json::error_code& error, std::string why) {
    problem = std::move(why);
    error = json::error::syntax;
    return false;
  }

  bool add(json::value value, json::error_code& error) {
    if (levels.empty()) {
      root = std::move(value);
      return true;
    }
    auto& level = levels.back();
    if (auto* array = level.value.if_array()) {
      array->push_back(std::move(value));
      return true;
    }
    if (!level.value.get_object().emplace(level.key, std::move(value)).second) {
      return refuse(error, fmt::format("the key '{}' stands twice in one object",
                                       clean_text(level.key, 100)));
    }
    return true;
  }
  bool close(json::error_code& error) {
    auto value = std::move(levels.back().value);
    levels.pop_back();
    return add(std::move(value), error);
  }
  bool check_text(json::error_code& error) {
    if (text.find('\0') == std::string::npos) return true;
    return refuse(error, "a string holds the character NUL (\\u0000)");
  }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    levels.push_back({json::object(), {}});
    return true;
  }
  bool on_object_end(std::size_t, json::error_code& error) { return close(error); }
  bool on_array_begin(json::error_code&) {
    levels.push_back({json::array(), {}});
    return true;
  }
  bool on_array_end(std::size_t, json::error_code& error) { return close(error); }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    text.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code& error) {
    text.append(part.data(), part.size());
    if (!check_text(error)) return false;
    levels.back().key = std::exchange(text, {});
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    text.append(part.data(), part.size());
    return true;
  }
  bool on_string(json::string_view part, std::size_t, json::error_code& error) {
    text.append(part.data(), part.size());
    if (!check_text(error)) return false;
    json::value value(json::string(text.data(), text.size()));
    text.clear();
    return add(std::move(value), error);
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, json::error_code& error) {
    return add(number, error);
  }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code& error) {
    return add(number, error);
  }
  // Boost.JSON may miss the nearest double by a step. The whole text is read at once, so that all
  // of the number stands in `digits`; what is too small for a double is zero to both.
  bool on_double(double number, json::string_view digits, json::error_code& error) {
    if (!std::isfinite(number)) return refuse(error, "a number is too large");
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return add(number, error);
  }
  bool on_bool(bool value, json::error_code& error) { return add(value, error); }
  bool on_null(json::error_code& error) { return add(nullptr, error); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

// Whether a text ends with the escape of a first half (d800 to dbff), which its other half must
// follow: Boost.JSON calls what stands there instead a syntax error. A backslash after it may have
// been read.
bool ends_with_half_pair(std::string_view text) {
  if (text.ends_with('\\')) text.remove_suffix(1);
  if (text.size() < 6) return false;
  const auto escape = text.substr(text.size() - 6);
  const auto digit = [&](std::size_t at, std::string_view allowed) {
    return allowed.find(escape[at]) != std::string_view::npos;
  };
  constexpr std::string_view hex = "0123456789abcdefABCDEF";
  if (!escape.starts_with("\\u") || !digit(2, "dD") || !digit(3, "89abAB")) return false;
  if (!digit(4, hex) || !digit(5, hex)) return false;
  // An escaped backslash before a plain "ud800" is none.
  const auto before = text.substr(0, text.size() - 6);
  const auto last = before.find_last_not_of('\\');
  return (before.size() - (last == std::string_view::npos ? 0 : last + 1)) % 2 == 0;
}

std::string_view reason(json::error_code error, std::string_view read) {
  if (error == json::error::too_deep) return "it is nested too deeply";
  if (error == json::error::incomplete) return "it ends too early";
  if (error == json::error::illegal_leading_surrogate ||
      error == json::error::illegal_trailing_surrogate ||
      error == json::error::expected_utf16_escape ||
      (error == json::error::syntax && ends_with_half_pair(read))) {
    return "a \\u escape is half of a surrogate pair";
  }
  if (error == json::error::exponent_overflow) return "a number is too large";
  return "syntax error";
}

Error bad_json(std::string why, std::size_t offset) {
  return {.code = ErrorCode::invalid_argument,
          .message = fmt::format("not acceptable JSON: {} (byte {})", why, offset),
          .fields = {{"", std::move(why)}}};
}

bool is_plain(char c) { return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20; }

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
  }
}

// What needs no escape is copied in runs.
void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (auto rest = text.begin();;) {
    const auto stop = std::find_if_not(rest, text.end(), is_plain);
    out.append(rest, stop);
    if (stop == text.end()) break;
    append_escaped(out, *stop);
    rest = stop + 1;
  }
  out += '"';
}

void append_double(std::string& out, double number) {
  // JSON has no infinities; check_json keeps them out.
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  char buffer[40];
  const bool plain = number == 0 || (std::abs(number) >= 1e-5 && std::abs(number) < 1e17);
  const auto [end, error] =
      plain ? std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed)
            : std::to_chars(buffer, buffer + sizeof buffer, number);
  std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  out += text;
  // 12.0 stays a double when it is read again.
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

// Depth is bounded by the door that let the value in.
void append_value(std::string& out, const json::value& value,
                  int indent) {  // NOLINT(misc-no-recursion)
  const auto line = [&](int depth) {
    if (indent < 0) return;
    out += '\n';
    out.append(static_cast<std::size_t>(depth) * 2, ' ');
  };
  const int inner = indent < 0 ? -1 : indent + 1;
  switch (value.kind()) {
    case json::kind::null:
      out += "null";
      return;
    case json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      return;
    case json::kind::int64:
      out += fmt::format_int(value.get_int64()).c_str();
      return;
    case json::kind::uint64:
      out += fmt::format_int(value.get_uint64()).c_str();
      return;
    case json::kind::double_:
      append_double(out, value.get_double());
      return;
    case json::kind::string:
      append_string(out, value.get_string());
      return;
    case json::kind::array: {
      out += '[';
      bool first = true;
      for (const auto& item : value.get_array()) {
        if (!std::exchange(first, false)) out += ',';
        line(inner);
        append_value(out, item, inner);
      }
      if (!first) line(indent);
      out += ']';
      return;
    }
    case json::kind::object: {
      out += '{';
      bool first = true;
      for (const auto& [key, item] : value.get_object()) {
        if (!std::exchange(first, false)) out += ',';
        line(inner);
        append_string(out, key);
        out += indent < 0 ? ":" : ": ";
        append_value(out, item, inner);
      }
      if (!first) line(indent);
      out += '}';
      return;
    }
  }
}

std::string find_problem(const json::value& value,
                         std::size_t depth_left) {  // NOLINT(misc-no-recursion)
  const auto bad_text = [](std::string_view text) -> std::string {
    if (text.find('\0') != std::string_view::npos) return "a string holds the character NUL";
    if (find_invalid_utf8(text) != std::string_view::npos) return "a string is not valid UTF-8";
    return {};
  };
  if (const auto* string = value.if_string()) return bad_text(*string);
  if (const auto* number = value.if_double()) {
    return std::isfinite(*number) ? "" : "a number is not finite";
  }
  if (!value.is_structured()) return {};
  if (depth_left == 0) return "it is nested too deeply";
  if (const auto* array = value.if_array()) {
    for (const auto& item : *array) {
      if (auto problem = find_problem(item, depth_left - 1); !problem.empty()) return problem;
    }
    return {};
  }
  for (const auto& [key, item] : value.get_object()) {
    if (auto problem = bad_text(key); !problem.empty()) return problem;
    if (auto problem = find_problem(item, depth_left - 1); !problem.empty()) return problem;
  }
  return {};
}

}  // namespace

Expected<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return fail(ErrorCode::invalid_argument, fmt::format("JSON of {} bytes is over the limit of {}",
                                                         text.size(), limits.bytes_max));
  }
  if (const auto at = find_invalid_utf8(text); at != std::string_view::npos) {
    return std::unexpected(bad_json("it is not valid UTF-8", at));
  }
  json::parse_options options;
  options.max_depth = limits.depth_max;
  json::basic_parser<Handler> parser(options);
  json::error_code error;
  const auto used = parser.write_some(/*more=*/false, text.data(), text.size(), error);
  if (error) {
    auto why = parser.handler().problem;
    if (why.empty()) why = reason(error, text.substr(0, used));
    return std::unexpected(bad_json(std::move(why), used));
  }
  if (const auto rest = text.find_first_not_of(" \t\r\n", used); rest != std::string_view::npos) {
    return std::unexpected(bad_json("something follows the document", rest));
  }
  return std::move(parser.handler().root);
}

Expected<void> check_json(const Json& value, const JsonLimits& limits) {
  if (auto problem = find_problem(value, limits.depth_max); !problem.empty()) {
    return std::unexpected(Error{.code = ErrorCode::invalid_argument,
                                 .message = "not acceptable JSON: " + problem,
                                 .fields = {{"", problem}}});
  }
  return {};
}

std::string to_text(const Json& value) {
  std::string out;
  append_value(out, value, -1);
  return out;
}

std::string to_pretty_text(const Json& value) {
  std::string out;
  append_value(out, value, 0);
  return out;
}

}  // namespace esteira
