// Small answers that many routes give.
#pragma once

#include "esteira/json.hpp"
#include "http/message.hpp"
#include "http/router.hpp"

namespace esteira::http {

[[nodiscard]] Response json_answer(const Json& body, int status = 200);
// {"status":"ok"}
[[nodiscard]] Response fine();
// {items, next_cursor}
[[nodiscard]] Response list_answer(JsonArray items, std::optional<std::string> next_cursor = {});
// The body as JSON; invalid_argument also where there is none.
[[nodiscard]] Expected<Json> json_body(const Request& request);
// The path's first {…} as a whole number above 0; not_found, as of a `what` that is not there.
[[nodiscard]] Expected<std::int64_t> id_of(const Call& call, std::string_view what);
// A body that must be empty, or an empty object.
[[nodiscard]] Expected<void> no_body(const Request& request);

}  // namespace esteira::http
