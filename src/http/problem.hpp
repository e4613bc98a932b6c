// RFC 9457: what went wrong, as the body of an answer.
#pragma once

#include <string_view>

#include "esteira/error.hpp"
#include "esteira/time.hpp"
#include "http/message.hpp"

namespace esteira::http {

// `type`: the last part of the problem's type, such as "unique-conflict"; "": about:blank.
[[nodiscard]] Response problem(int status, std::string_view detail, std::string_view type = "");

// 429: the same call may be sent again in `wait`.
[[nodiscard]] Response too_many(std::string_view detail, Duration wait);

// The one table from error codes to HTTP. What is internal says nothing of the inside.
[[nodiscard]] int http_status(ErrorCode code);
[[nodiscard]] Response problem(const Error& error);
[[nodiscard]] Response problem(const Error& error, int status, std::string_view type = "");

}  // namespace esteira::http
