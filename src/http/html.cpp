#include "http/html.hpp"

#include <algorithm>

namespace esteira::http {

std::string escape_html(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string inline_html(std::string_view text) {
  std::string html;
  while (!text.empty()) {
    const auto open = text.find('`');
    const auto close =
        open == std::string_view::npos ? std::string_view::npos : text.find('`', open + 1);
    if (close == std::string_view::npos) return html + escape_html(text);
    html += escape_html(text.substr(0, open));
    html += "<code>" + escape_html(text.substr(open + 1, close - open - 1)) + "</code>";
    text.remove_prefix(close + 1);
  }
  return html;
}

std::string paragraphs_html(std::string_view text) {
  constexpr std::string_view gap = "\n\n";
  std::string html;
  while (!text.empty()) {
    const auto end = std::min(text.find(gap), text.size());
    html += "<p>" + inline_html(text.substr(0, end)) + "</p>\n";
    text.remove_prefix(std::min(end + gap.size(), text.size()));
  }
  return html;
}

}  // namespace esteira::http
