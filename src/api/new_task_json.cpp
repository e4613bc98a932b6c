#include "api/new_task_json.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/utf8.hpp"
#include "domain/policy.hpp"

namespace esteira::api {
namespace {

constexpr std::size_t name_bytes_shown = 100;

// RFC 6901.
std::string pointer_to(std::string_view name) {
  std::string pointer = "/";
  for (const char c : clean_text(name, name_bytes_shown)) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

// Reads the fields of one object and gathers what is wrong with them. A field that is null is as
// if it were absent.
class Reader {
 public:
  explicit Reader(const JsonObject& object) : object_(object) {}

  const Json* find(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }
  void refuse(std::string_view name, std::string message) {
    wrong_.push_back({pointer_to(name), std::move(message)});
  }

  std::optional<std::string> text(std::string_view name) {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (const auto* string = value->if_string()) return std::string(string->data(), string->size());
    refuse(name, "must be a string");
    return std::nullopt;
  }

  std::optional<int> integer(std::string_view name) {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    const auto* number = value->if_int64();
    if (number != nullptr && *number >= std::numeric_limits<int>::min() &&
        *number <= std::numeric_limits<int>::max()) {
      return static_cast<int>(*number);
    }
    refuse(name, number != nullptr ? "is out of range" : "must be a whole number");
    return std::nullopt;
  }

  std::optional<Duration> seconds(std::string_view name) {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    boost::system::error_code error;
    const double number = value->to_number<double>(error);
    // A year in microseconds is far from the edge of what a Duration holds.
    constexpr double largest = 366.0 * 24 * 3600;
    if (!error && number >= 0 && number <= largest) {
      return Duration{static_cast<std::int64_t>(std::llround(number * 1e6))};
    }
    refuse(name, error ? "must be a number of seconds" : "is out of range");
    return std::nullopt;
  }

  std::optional<Time> time(std::string_view name) {
    const auto given = text(name);
    if (!given) return std::nullopt;
    const auto parsed = try_parse_time(*given);
    if (parsed) return *parsed;
    refuse(name, "must be an RFC 3339 time, such as \"2024-12-25T00:00:00Z\"");
    return std::nullopt;
  }

  std::vector<std::string> texts(std::string_view name) {
    const auto* value = find(name);
    if (value == nullptr) return {};
    std::vector<std::string> all;
    const auto* array = value->if_array();
    if (array == nullptr) refuse(name, "must be a list of strings");
    if (array == nullptr) return all;
    for (const auto& item : *array) {
      const auto* string = item.if_string();
      if (string == nullptr) {
        wrong_.push_back({fmt::format("{}/{}", pointer_to(name), all.size()), "must be a string"});
        return all;
      }
      all.emplace_back(string->data(), string->size());
    }
    return all;
  }

  void refuse_others(std::span<const std::string_view> known) {
    for (const auto& member : object_) {
      const std::string_view name(member.key().data(), member.key().size());
      if (std::ranges::find(known, name) == known.end()) refuse(name, "is no field of a task");
    }
  }

  [[nodiscard]] const std::vector<FieldError>& wrong() const { return wrong_; }

 private:
  const JsonObject& object_;
  std::vector<FieldError> wrong_;
};

constexpr std::array<std::string_view, 9> fields{
    "type",       "payload", "priority",        "scheduled_for",  "max_retries",
    "unique_key", "tags",    "timeout_seconds", "idempotency_key"};

std::unexpected<Error> refuse_all(std::vector<FieldError> wrong) {
  const auto& first = wrong.front();
  auto message =
      first.pointer.empty() ? first.message : first.pointer.substr(1) + " " + first.message;
  return std::unexpected(Error{.code = ErrorCode::invalid_argument,
                               .message = std::move(message),
                               .fields = std::move(wrong)});
}

void read_type(Reader& reader, NewTask& task) {
  if (reader.find("type") == nullptr) return reader.refuse("type", "is missing");
  auto type = reader.text("type");
  if (!type) return;
  if (const auto good = check_type_name(*type); !good) {
    return reader.refuse("type", good.error().message);
  }
  task.type = std::move(*type);
}

}  // namespace

Expected<NewTask> new_task_from_json(const Json& body, IdempotencyKey where) {
  const auto* object = body.if_object();
  if (object == nullptr) return refuse_all({{"", "a task is a JSON object"}});
  Reader reader(*object);
  NewTask task;
  read_type(reader, task);
  // A payload may be null, but it must be there: a misspelt name shall not pass as an empty task.
  if (const auto* payload = object->if_contains("payload")) {
    task.payload = *payload;
  } else {
    reader.refuse("payload", "is missing");
  }
  task.options.priority = reader.integer("priority").value_or(0);
  task.options.scheduled_for = reader.time("scheduled_for");
  task.options.max_retries = reader.integer("max_retries");
  task.options.unique_key = reader.text("unique_key");
  task.options.tags = reader.texts("tags");
  task.options.timeout = reader.seconds("timeout_seconds");
  const bool key_in_body = where == IdempotencyKey::in_body;
  if (key_in_body) task.options.idempotency_key = reader.text("idempotency_key");
  reader.refuse_others(std::span(fields).first(fields.size() - (key_in_body ? 0 : 1)));
  if (!reader.wrong().empty()) return refuse_all(reader.wrong());
  return task;
}

}  // namespace esteira::api
