#include "processor/schema_patterns.hpp"

#include <regex>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/json_pointer.hpp"
#include "domain/limits.hpp"

namespace esteira {
namespace {

std::string step_to(const std::string& pointer, std::string_view key) {
  return pointer + pointer_step(key);
}

std::unexpected<Error> bad(std::string_view what, std::string pointer, std::string why) {
  return std::unexpected(Error{.code = ErrorCode::invalid_argument,
                               .message = fmt::format("{}{}: {}", what, pointer, why),
                               .fields = {{std::move(pointer), std::move(why)}}});
}

Expected<void> compile(std::string_view expression, std::string pointer) {
  try {
    std::regex{}.assign(expression.begin(), expression.end());
    return {};
  } catch (const std::regex_error& error) {
    return bad("the JSON Schema at ", std::move(pointer),
               fmt::format("not a regular expression of ECMAScript: {}", error.what()));
  }
}

// What this one object of the schema holds, without what is nested in it.
Expected<bool> look_at(const JsonObject& object, const std::string& pointer) {
  bool found = false;
  if (const auto* pattern = object.if_contains("pattern"); pattern && pattern->is_string()) {
    ESTEIRA_TRY(compile(pattern->get_string(), pointer + "/pattern"));
    found = true;
  }
  if (const auto* keys = object.if_contains("patternProperties"); keys && keys->is_object()) {
    for (const auto& [key, value] : keys->get_object()) {
      ESTEIRA_TRY(compile(key, step_to(pointer + "/patternProperties", key)));
      found = true;
    }
  }
  if (const auto* format = object.if_contains("format"); format && format->is_string()) {
    const std::string_view name = format->get_string();
    found = found || name == "date" || name == "time" || name == "date-time";
  }
  return found;
}

// Depth is bounded by the door that let the schema in.
Expected<bool> walk(const Json& schema, const std::string& pointer) {  // NOLINT(misc-no-recursion)
  bool found = false;
  if (const auto* array = schema.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      found = ESTEIRA_TRY(walk((*array)[i], fmt::format("{}/{}", pointer, i))) || found;
    }
  } else if (const auto* object = schema.if_object()) {
    found = ESTEIRA_TRY(look_at(*object, pointer));
    for (const auto& [key, value] : *object) {
      found = ESTEIRA_TRY(walk(value, step_to(pointer, key))) || found;
    }
  }
  return found;
}

Expected<void> check_length(std::string_view text, const std::string& pointer) {
  if (text.size() <= limits::pattern_text_bytes_max) return {};
  return bad("the payload at ", pointer,
             fmt::format("a text of {} bytes: where the type's schema has patterns, {} at most",
                         text.size(), limits::pattern_text_bytes_max));
}

Expected<void> measure(const Json& value,
                       const std::string& pointer) {  // NOLINT(misc-no-recursion)
  if (const auto* text = value.if_string()) return check_length(*text, pointer);
  if (const auto* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      ESTEIRA_TRY(measure((*array)[i], fmt::format("{}/{}", pointer, i)));
    }
  } else if (const auto* object = value.if_object()) {
    for (const auto& [key, item] : *object) {
      ESTEIRA_TRY(check_length(key, pointer));
      ESTEIRA_TRY(measure(item, step_to(pointer, key)));
    }
  }
  return {};
}

}  // namespace

Expected<bool> has_patterns(const Json& schema) { return walk(schema, ""); }

Expected<void> check_text_lengths(const Json& payload) { return measure(payload, ""); }

}  // namespace esteira
