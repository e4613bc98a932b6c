#include "domain/flow_key.hpp"

#include <charconv>

#include <fmt/format.h>

#include "base/utf8.hpp"
#include "domain/limits.hpp"

namespace esteira {
namespace {

std::unexpected<Error> refuse(std::string_view pointer, std::string message) {
  auto text = fmt::format("{}: {}", pointer.substr(1), message);
  return std::unexpected(Error{.code = ErrorCode::invalid_argument,
                               .message = std::move(text),
                               .fields = {{std::string(pointer), std::move(message)}}});
}

// "a~1b~0c" names the member "a/b~c".
std::string member_name(std::string_view step) {
  std::string name;
  for (std::size_t i = 0; i < step.size(); ++i) {
    if (step[i] != '~') {
      name += step[i];
    } else {
      name += step[++i] == '0' ? '~' : '/';
    }
  }
  return name;
}

const Json* item_of(const Json& value, std::string_view step) {
  if (const auto* object = value.if_object()) return object->if_contains(member_name(step));
  const auto* array = value.if_array();
  if (array == nullptr) return nullptr;
  std::size_t place = 0;
  const auto [stop, error] = std::from_chars(step.data(), step.data() + step.size(), place);
  const bool whole = error == std::errc{} && stop == step.data() + step.size();
  return whole ? array->if_contains(place) : nullptr;
}

const Json* find(std::string_view pointer, const Json& payload) {
  const Json* value = &payload;
  while (!pointer.empty() && value != nullptr) {
    const auto end = pointer.find('/', 1);
    value = item_of(*value, pointer.substr(1, end == std::string_view::npos ? end : end - 1));
    pointer = end == std::string_view::npos ? std::string_view{} : pointer.substr(end);
  }
  return value;
}

}  // namespace

Expected<void> check_flow_pointer(std::string_view pointer) {
  const bool begins = pointer.size() > 1 && pointer.front() == '/';
  const bool text = pointer.find('\0') == std::string_view::npos &&
                    find_invalid_utf8(pointer) == std::string_view::npos;
  bool escaped = true;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] != '~') continue;
    escaped = escaped && i + 1 < pointer.size() && (pointer[i + 1] == '0' || pointer[i + 1] == '1');
  }
  if (begins && text && escaped && pointer.size() <= limits::flow_key_bytes_max) return {};
  return fail(
      ErrorCode::invalid_argument,
      fmt::format("must be a JSON pointer of at most {} bytes, such as /customer_id, or none",
                  limits::flow_key_bytes_max));
}

Expected<std::string> flow_key_of(std::string_view pointer, const Json& payload) {
  const auto* value = find(pointer, payload);
  if (value == nullptr || value->is_null()) return std::string{};
  std::string key;
  if (value->is_string()) {
    key = value->get_string();
  } else if (value->is_bool()) {
    key = value->get_bool() ? "true" : "false";
  } else if (value->is_int64()) {
    key = std::to_string(value->get_int64());
  } else if (value->is_uint64()) {
    key = std::to_string(value->get_uint64());
  } else {
    return refuse(pointer, "must be a text, a whole number or a truth value: it is the flow's key");
  }
  if (key.size() <= limits::flow_key_bytes_max) return key;
  return refuse(pointer,
                fmt::format("is the flow's key: at most {} bytes", limits::flow_key_bytes_max));
}

}  // namespace esteira
