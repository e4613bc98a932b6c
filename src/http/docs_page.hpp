// The documentation for people: one page of HTML, made of the OpenAPI document and nothing else.
#pragma once

#include <string>

#include "esteira/json.hpp"

namespace esteira::http {

[[nodiscard]] std::string documentation_page(const JsonObject& document);

}  // namespace esteira::http
