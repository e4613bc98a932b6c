#include "http/answers.hpp"

#include <charconv>

#include <fmt/format.h>

#include "base/assert.hpp"

namespace esteira::http {
namespace {

constexpr std::size_t json_bytes_max = std::size_t{64} * 1024 * 1024;  // the route's own is less

bool is_json(std::string_view type) {
  const auto media = type.substr(0, type.find(';'));
  const auto end = media.find_last_not_of(" \t");
  return end != std::string_view::npos && same_name(media.substr(0, end + 1), "application/json");
}

}  // namespace

Response json_answer(const Json& body, int status) {
  return {.status = status, .body = esteira::to_text(body)};
}

Response fine() { return {.body = R"({"status":"ok"})"}; }

Response list_answer(JsonArray items, std::optional<std::string> next_cursor) {
  return json_answer(JsonObject{{"items", std::move(items)},
                                {"next_cursor", next_cursor ? Json(*next_cursor) : Json(nullptr)}});
}

Expected<Json> json_body(const Request& request) {
  // A form of another site's page can send text, but not this type, without asking first.
  const auto type = request.header("Content-Type");
  if (type && !is_json(*type)) {
    return fail(ErrorCode::invalid_argument, "the body must be of the type application/json");
  }
  if (request.body.empty()) return fail(ErrorCode::invalid_argument, "the body is missing");
  return parse_json(request.body, {.bytes_max = json_bytes_max});
}

Expected<std::int64_t> id_of(const Call& call, std::string_view what) {
  const auto& text = call.captures.front();
  std::int64_t id = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error == std::errc{} && stop == text.data() + text.size() && id > 0) return id;
  return fail(ErrorCode::not_found,
              fmt::format("there is no such {0}: a {0}'s id is a whole number", what));
}

Expected<void> no_body(const Request& request) {
  if (request.body.empty()) return {};
  const auto body = ESTEIRA_TRY(json_body(request));
  if (body.is_object() && body.get_object().empty()) return {};
  return fail(ErrorCode::invalid_argument, "this call takes no body");
}

}  // namespace esteira::http
