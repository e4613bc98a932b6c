#include "client/problem.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/utf8.hpp"
#include "esteira/json.hpp"

namespace esteira::client {
namespace {

constexpr std::size_t problem_bytes_max = std::size_t{1024} * 1024;
constexpr std::size_t shown_bytes_max = 300;
constexpr Duration retry_after_default = std::chrono::seconds{1};

std::string text_of(const JsonObject& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

// "unique-conflict" of "/problems/unique-conflict".
std::string_view last_word(std::string_view type) { return type.substr(type.rfind('/') + 1); }

ErrorCode code_of(int status, std::string_view kind) {
  switch (status) {
    case 400:
    case 413:
    case 414:
    case 415:
    case 431:
      return ErrorCode::invalid_argument;
    case 422:
      return kind == "unknown-type" ? ErrorCode::not_found : ErrorCode::invalid_argument;
    case 401:
      return ErrorCode::unauthorized;
    case 403:
    case 421:
      return ErrorCode::forbidden;
    case 404:
      return ErrorCode::not_found;
    case 409:
      return ErrorCode::conflict;
    case 429:
      return ErrorCode::rate_limited;
    case 503:
      return kind == "in-doubt" ? ErrorCode::in_doubt : ErrorCode::unavailable;
    default:
      return ErrorCode::internal;
  }
}

std::string message_of(const Answer& answer, std::string detail) {
  if (answer.status == 401) {
    return detail +
           "; give a live one by ESTEIRA_KEY or --key @FILE (`esteira key create`, beside "
           "the database, makes one)";
  }
  if (answer.status == 403) {
    return detail + "; another key may do it: `esteira key create`, beside the database, makes one";
  }
  if (answer.status >= 500 && answer.status != 503) {
    return fmt::format("{} (status {}, request {})", detail, answer.status,
                       answer.request_id.empty() ? "unknown" : answer.request_id);
  }
  return detail;
}

std::vector<FieldError> fields_of(const JsonObject& problem) {
  std::vector<FieldError> fields;
  const auto* list = problem.if_contains("errors");
  if (list == nullptr || !list->is_array()) return fields;
  for (const auto& one : list->get_array()) {
    if (const auto* object = one.if_object()) {
      fields.push_back({text_of(*object, "pointer"), text_of(*object, "message")});
    }
  }
  return fields;
}

// Whole seconds; a date, which few servers send, is as if it were absent.
Duration delay_of(const Answer& answer) {
  std::int64_t seconds = 0;
  const auto& text = answer.retry_after;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || stop != text.data() + text.size()) return retry_after_default;
  return std::clamp<Duration>(std::chrono::seconds{std::clamp<std::int64_t>(seconds, 0, 86'400)},
                              Duration{0}, retry_after_max);
}

// Of a proxy, or of a server that is something else.
Problem of_a_stranger(const Answer& answer, bool changes) {
  if (answer.status >= 300 && answer.status < 400) {
    return {{.code = ErrorCode::internal,
             .message = fmt::format("the server sends its callers on, which is not followed; if {} "
                                    "is its address, name that",
                                    clean_text(answer.location, shown_bytes_max))}};
  }
  const auto message =
      fmt::format("the answer, of status {}, is not that of an Esteira server", answer.status);
  const bool away = answer.status == 502 || answer.status == 503 || answer.status == 504;
  if (!away) return {{.code = ErrorCode::internal, .message = message + ": check the address"}};
  return {{.code = changes ? ErrorCode::in_doubt : ErrorCode::unavailable,
           .message = message + ", but of something before it"},
          "",
          delay_of(answer)};
}

}  // namespace

Problem read_problem(const Answer& answer, bool changes) {
  if (!answer.content_type.starts_with("application/problem+json")) {
    return of_a_stranger(answer, changes);
  }
  const auto body = parse_json(answer.body, {.bytes_max = problem_bytes_max});
  const auto* object = body ? body->if_object() : nullptr;
  if (object == nullptr) return of_a_stranger(answer, changes);
  const auto type = text_of(*object, "type");
  const auto kind = last_word(type);
  Problem problem{{.code = code_of(answer.status, kind),
                   .message = message_of(answer, text_of(*object, "detail")),
                   .fields = fields_of(*object)},
                  std::string(kind)};
  if (const auto* task_id = object->if_contains("task_id"); task_id && task_id->is_int64()) {
    problem.error.task_id = task_id->get_int64();
  }
  if (answer.status == 503 || answer.status == 429 || kind == "idempotency-in-flight") {
    problem.retry_after = delay_of(answer);
  }
  return problem;
}

}  // namespace esteira::client
