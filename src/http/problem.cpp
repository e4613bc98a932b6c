#include "http/problem.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.hpp"
#include "esteira/json.hpp"

namespace esteira::http {
namespace {

constexpr std::size_t detail_bytes_max = 2'000;

constexpr std::array<std::pair<int, std::string_view>, 19> titles{{
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
}};

// How long those wait who are sent away for now.
constexpr std::string_view retry_seconds = "1";

JsonObject problem_body(int status, std::string_view detail, std::string_view type) {
  const auto title = std::ranges::find(titles, status, &std::pair<int, std::string_view>::first);
  return {{"type", type.empty() ? "about:blank" : "/problems/" + std::string(type)},
          {"title", title == titles.end() ? "" : title->second},
          {"status", status},
          {"detail", clean_text(detail, detail_bytes_max)}};
}

Response response_of(const JsonObject& body, int status) {
  Response response{
      .status = status, .body = to_text(Json(body)), .content_type = "application/problem+json"};
  if (status == 429 || status == 503) {
    response.headers.push_back({"Retry-After", std::string(retry_seconds)});
  }
  if (status == 401) response.headers.push_back({"WWW-Authenticate", "Bearer"});
  return response;
}

}  // namespace

Response problem(int status, std::string_view detail, std::string_view type) {
  return response_of(problem_body(status, detail, type), status);
}

Response too_many(std::string_view detail, Duration wait) {
  auto response = problem(429, detail);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  response.headers.back().value = std::to_string(seconds);
  return response;
}

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return 400;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::unauthorized:
      return 401;
    case ErrorCode::forbidden:
      return 403;
    case ErrorCode::rate_limited:
      return 429;
    case ErrorCode::unavailable:
    case ErrorCode::in_doubt:
      return 503;
    case ErrorCode::unsupported:
      return 501;
    case ErrorCode::internal:
      return 500;
  }
  return 500;
}

Response problem(const Error& error) {
  // A caller must know of the one 503 after which the same call may do the thing twice.
  const bool doubt = error.code == ErrorCode::in_doubt;
  return problem(error, http_status(error.code), doubt ? "in-doubt" : "");
}

Response problem(const Error& error, int status, std::string_view type) {
  // A store's own words may name what is none of a stranger's business.
  const bool inside = status >= 500;
  const std::string_view shown =
      status == 503
          ? "the database does not answer, or what the call needs is missing: try again soon"
      : inside ? "something went wrong inside; the log names this request's id"
               : std::string_view(error.message);
  auto body = problem_body(status, shown, type);
  if (!inside && !error.fields.empty()) {
    JsonArray fields;
    for (const auto& field : error.fields) {
      fields.push_back(
          JsonObject{{"pointer", field.pointer}, {"message", clean_text(field.message, 500)}});
    }
    body.emplace("errors", std::move(fields));
  }
  if (error.task_id) body.emplace("task_id", *error.task_id);
  auto response = response_of(body, status);
  if (inside) response.log = error.message;
  return response;
}

}  // namespace esteira::http
