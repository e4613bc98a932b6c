// Which flow a task belongs to, by what its payload says.
#pragma once

#include <string>
#include <string_view>

#include "esteira/error.hpp"
#include "esteira/json.hpp"

namespace esteira {

// A JSON pointer (RFC 6901) to a value inside a payload: "/customer/id". invalid_argument.
[[nodiscard]] Expected<void> check_flow_pointer(std::string_view pointer);

// The text at `pointer`: of a text itself, of a whole number its digits, of a truth value its name;
// "" where there is nothing. invalid_argument, with the pointer: what stands there is none of
// these, or longer than limits::flow_key_bytes_max. SQL's esteira.flow_key reads alike.
[[nodiscard]] Expected<std::string> flow_key_of(std::string_view pointer, const Json& payload);

}  // namespace esteira
