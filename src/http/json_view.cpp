#include "http/json_view.hpp"

namespace esteira::http {

const JsonObject& object_of(const JsonObject& object, std::string_view name) {
  static const JsonObject none;
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : none;
}

const JsonArray& list_of(const JsonObject& object, std::string_view name) {
  static const JsonArray none;
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_array() ? value->get_array() : none;
}

std::string_view text_of(const Json& value) {
  const auto* text = value.if_string();
  return text == nullptr ? std::string_view{} : std::string_view(text->data(), text->size());
}

std::string_view text_of(const JsonObject& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? std::string_view{} : text_of(*value);
}

}  // namespace esteira::http
