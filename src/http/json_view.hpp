// Looking into JSON that is the program's own, where what is absent is empty.
#pragma once

#include <string_view>

#include "esteira/json.hpp"

namespace esteira::http {

// The member of this name where it is an object; else an empty one.
[[nodiscard]] const JsonObject& object_of(const JsonObject& object, std::string_view name);
// The member of this name where it is a list; else an empty one.
[[nodiscard]] const JsonArray& list_of(const JsonObject& object, std::string_view name);
// Its text; "" for what is no string.
[[nodiscard]] std::string_view text_of(const Json& value);
// The text of the member of this name; "" where there is none.
[[nodiscard]] std::string_view text_of(const JsonObject& object, std::string_view name);

}  // namespace esteira::http
