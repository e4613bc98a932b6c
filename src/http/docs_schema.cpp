#include "http/docs_schema.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "http/html.hpp"
#include "http/json_view.hpp"

namespace esteira::http {
namespace {

std::string code(std::string_view text) { return "<code>" + escape_html(text) + "</code>"; }
std::string code(const Json& value) {
  return code(value.is_string() ? std::string(text_of(value)) : esteira::to_text(value));
}

void join(std::string& text, std::string_view between, std::string_view more) {
  if (!text.empty() && !more.empty()) text += between;
  text += more;
}

std::string_view word_of(std::string_view type) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> words{{
      {"integer", "whole number"},
      {"boolean", "true or false"},
      {"array", "list"},
      {"string", "text"},
      {"object", "object"},
      {"number", "number"},
  }};
  const auto found =
      std::ranges::find(words, type, &std::pair<std::string_view, std::string_view>::first);
  return found == words.end() ? type : found->second;
}

std::string type_words(const JsonObject& schema, std::string_view type) {
  if (type == "string" && text_of(schema, "format") == "date-time") return "time (RFC 3339)";
  const auto* items = schema.if_contains("items");
  if (type == "array" && items != nullptr) {
    const auto words = schema_words(*items);
    return words.starts_with('<') ? "list of " + words : "list of (" + words + ")";
  }
  return std::string(word_of(type));
}

std::string types_words(const JsonObject& schema) {
  if (!schema.contains("type")) return "any JSON";
  if (const auto one = text_of(schema, "type"); !one.empty()) return type_words(schema, one);
  std::string words;
  for (const auto& type : list_of(schema, "type")) {
    join(words, " or ", type_words(schema, text_of(type)));
  }
  return words;
}

// "1 to 255", "at least 1", "at most 255", or nothing.
std::string span_words(const Json* low, const Json* high) {
  if (low != nullptr && high != nullptr) {
    return fmt::format("{} to {}", to_text(*low), to_text(*high));
  }
  if (low != nullptr) return fmt::format("at least {}", to_text(*low));
  return high != nullptr ? fmt::format("at most {}", to_text(*high)) : "";
}

std::string range_words(const JsonObject& schema) {
  std::string words;
  if (const auto* above = schema.if_contains("exclusiveMinimum")) {
    words = fmt::format("more than {}", to_text(*above));
  }
  join(words, ", ", span_words(schema.if_contains("minimum"), schema.if_contains("maximum")));
  return words;
}

std::string size_words(const JsonObject& schema) {
  const auto signs = span_words(schema.if_contains("minLength"), schema.if_contains("maxLength"));
  const auto items = span_words(schema.if_contains("minItems"), schema.if_contains("maxItems"));
  std::string words = signs.empty() ? "" : signs + " long";
  join(words, ", ", items.empty() ? "" : items + " of them");
  return words;
}

std::string choice_words(const JsonArray& values) {
  std::string words;
  for (const auto& value : values) join(words, ", ", code(value));
  return values.size() == 1 ? words : "one of " + words;
}

std::string fields_html(const JsonObject& schema) {
  const auto& required = list_of(schema, "required");
  const auto& fields = object_of(schema, "properties");
  if (fields.empty()) return "";
  // Said once where it is true of all.
  const bool all = required.size() == fields.size();
  std::string html;
  for (const auto& field : fields) {
    const std::string_view name(field.key().data(), field.key().size());
    const bool needed = !all && std::ranges::find(required, Json(name)) != required.end();
    html += fmt::format("<dt>{} <span class=\"kind\">{}{}</span></dt>\n<dd>{}</dd>\n", code(name),
                        schema_words(field.value()), needed ? ", <b>required</b>" : "",
                        inline_html(text_of(field.value().as_object(), "description")));
  }
  const auto words = all ? "<p class=\"common\">All fields are required.</p>\n" : "";
  return fmt::format("{}<dl>\n{}</dl>\n", words, html);
}

}  // namespace

std::string schema_words(const Json& schema) {
  if (!schema.is_object()) return "any JSON";
  const auto& said = schema.get_object();
  if (const auto target = text_of(said, "$ref"); !target.empty()) {
    const auto name = escape_html(target.substr(target.rfind('/') + 1));
    return fmt::format("<a href=\"#{0}\">{0}</a>", name);
  }
  if (const auto* value = said.if_contains("const")) return code(*value);
  std::string words;
  for (const auto& choice : list_of(said, "oneOf")) join(words, " or ", schema_words(choice));
  if (words.empty() && said.contains("enum")) words = choice_words(list_of(said, "enum"));
  if (words.empty()) words = types_words(said);
  join(words, ", ", range_words(said));
  join(words, ", ", size_words(said));
  if (const auto pattern = text_of(said, "pattern"); !pattern.empty()) {
    join(words, ", ", "like " + code(pattern));
  }
  if (const auto* value = said.if_contains("default")) join(words, ", ", "else " + code(*value));
  return words;
}

std::string schema_article(std::string_view name, const Json& schema) {
  const auto& said = schema.as_object();
  auto fields = fields_html(said);
  const auto words = fields.empty() ? "<p class=\"kind\">" + schema_words(schema) + "</p>\n" : "";
  return fmt::format("<article id=\"{0}\">\n<h3>{0}</h3>\n{1}{2}{3}</article>\n", escape_html(name),
                     paragraphs_html(text_of(said, "description")), words, fields);
}

}  // namespace esteira::http
