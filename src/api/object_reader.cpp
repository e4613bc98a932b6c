#include "api/object_reader.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/json_pointer.hpp"
#include "base/utf8.hpp"

namespace esteira::api {
namespace {

constexpr std::size_t name_bytes_shown = 100;
// A body that is all wrong shall not be answered with a larger one.
constexpr std::size_t wrong_places_max = 100;

}  // namespace

std::string pointer_to(std::string_view name) {
  return pointer_step(clean_text(name, name_bytes_shown));
}

std::unexpected<Error> refuse_all(std::vector<FieldError> wrong) {
  const auto& first = wrong.front();
  auto message =
      first.pointer.empty() ? first.message : first.pointer.substr(1) + " " + first.message;
  return std::unexpected(Error{.code = ErrorCode::invalid_argument,
                               .message = std::move(message),
                               .fields = std::move(wrong)});
}

const Json* ObjectReader::find(std::string_view name) const {
  const auto* value = object_.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

const Json* ObjectReader::need(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) refuse(name, "is missing");
  return value;
}

void ObjectReader::refuse(std::string_view name, std::string message) {
  if (wrong_.size() < wrong_places_max) wrong_.push_back({pointer(name), std::move(message)});
}

void ObjectReader::refuse_item(std::string_view list, std::size_t place, std::string message) {
  if (wrong_.size() < wrong_places_max) {
    wrong_.push_back({fmt::format("{}/{}", pointer(list), place), std::move(message)});
  }
}

void ObjectReader::refuse_others(std::span<const std::string_view> known, std::string_view whole) {
  for (const auto& member : object_) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::ranges::find(known, name) == known.end()) {
      refuse(name, fmt::format("is no field of {}", whole));
    }
  }
}

std::optional<std::string> ObjectReader::text(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* string = value->if_string()) return std::string(string->data(), string->size());
  refuse(name, "must be a string");
  return std::nullopt;
}

std::optional<std::int64_t> ObjectReader::whole(std::string_view name, std::int64_t least,
                                                std::int64_t most) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto* number = value->if_int64();
  if (number != nullptr && *number >= least && *number <= most) return *number;
  refuse(name,
         number != nullptr || value->is_uint64() ? "is out of range" : "must be a whole number");
  return std::nullopt;
}

std::optional<int> ObjectReader::integer(std::string_view name, int least, int most) {
  const auto number = whole(name, least, most);
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

std::optional<double> ObjectReader::number(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  boost::system::error_code error;
  const double number = value->to_number<double>(error);
  if (!error) return number;
  refuse(name, "must be a number");
  return std::nullopt;
}

std::optional<bool> ObjectReader::boolean(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* given = value->if_bool()) return *given;
  refuse(name, "must be true or false");
  return std::nullopt;
}

std::optional<Duration> ObjectReader::seconds(std::string_view name, Duration most) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  boost::system::error_code error;
  const double number = value->to_number<double>(error);
  if (!error && number >= 0 && number * 1e6 <= static_cast<double>(most.count())) {
    return Duration{static_cast<std::int64_t>(std::llround(number * 1e6))};
  }
  refuse(name, error ? "must be a number of seconds" : "is out of range");
  return std::nullopt;
}

std::optional<Time> ObjectReader::time(std::string_view name) {
  const auto given = text(name);
  if (!given) return std::nullopt;
  const auto parsed = try_parse_time(*given);
  if (parsed) return *parsed;
  refuse(name, "must be an RFC 3339 time, such as \"2024-12-25T00:00:00Z\"");
  return std::nullopt;
}

std::vector<std::string> ObjectReader::texts(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return {};
  std::vector<std::string> all;
  const auto* array = value->if_array();
  if (array == nullptr) {
    refuse(name, "must be a list of strings");
    return all;
  }
  for (const auto& item : *array) {
    const auto* string = item.if_string();
    if (string == nullptr) {
      refuse_item(name, all.size(), "must be a string");
      return all;
    }
    all.emplace_back(string->data(), string->size());
  }
  return all;
}

const JsonArray* ObjectReader::list(std::string_view name, std::size_t items_max) {
  const auto* value = find(name);
  if (value == nullptr) return nullptr;
  const auto* array = value->if_array();
  if (array == nullptr) {
    refuse(name, "must be a list");
    return nullptr;
  }
  if (array->size() <= items_max) return array;
  refuse(name, fmt::format("has {} items, more than {}", array->size(), items_max));
  return nullptr;
}

}  // namespace esteira::api
