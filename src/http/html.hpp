// Text as HTML.
#pragma once

#include <string>
#include <string_view>

namespace esteira::http {

// The one way of text into HTML, between tags and in quoted attributes alike.
[[nodiscard]] std::string escape_html(std::string_view text);

// Text with `code` in backticks, as documents of OpenAPI write it.
[[nodiscard]] std::string inline_html(std::string_view text);

// The same in paragraphs, which an empty line parts.
[[nodiscard]] std::string paragraphs_html(std::string_view text);

}  // namespace esteira::http
