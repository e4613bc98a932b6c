// A schema of the OpenAPI document as HTML, in words.
#pragma once

#include <string>

#include "esteira/json.hpp"

namespace esteira::http {

// What may stand there: "whole number or null, 1 to 1000", "list of <a …>Task</a>".
[[nodiscard]] std::string schema_words(const Json& schema);

// The whole of a component: what it is, and its fields.
[[nodiscard]] std::string schema_article(std::string_view name, const Json& schema);

}  // namespace esteira::http
