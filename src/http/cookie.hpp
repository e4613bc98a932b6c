// The cookie of a session (RFC 6265).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "esteira/time.hpp"
#include "http/message.hpp"

namespace esteira::http {

// What the session's cookie of this request holds. Under TLS only the name that a browser takes
// from a secure server alone is looked at.
[[nodiscard]] std::optional<std::string_view> session_cookie(const Request& request);

// HttpOnly, SameSite=Strict, for the whole server; Secure under TLS. No life: it is taken back.
[[nodiscard]] Header set_session_cookie(const Request& request, std::string_view token,
                                        Duration life);

// Whether the page that sent this request is one of this server's own. A request without any word
// of its page is not.
[[nodiscard]] bool is_same_origin(const Request& request);

}  // namespace esteira::http
