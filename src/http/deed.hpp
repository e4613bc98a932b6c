// Calls that change something. The change, its audit entry and, for a POST with an idempotency key,
// the answer are one transaction of the call's repository: code that runs in here uses no other.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "http/router.hpp"

namespace esteira::http {

// Runs `code` in one transaction; an answer of 300 or more undoes it. A POST with `Idempotency-Key`
// that was answered well before is answered the same again (200 for 201) and does nothing; 422
// where it asked for something else, 409 while the first runs. A failure is not kept.
[[nodiscard]] Response perform(const Call& call, Services& services,
                               const std::function<Response()>& code);

// The same, whatever key the call has: for what is answered with a secret.
[[nodiscard]] Response perform_plain(Services& services, const std::function<Response()>& code);

// The same where there is such a key, else `code` alone: for what needs no transaction by itself.
[[nodiscard]] Response perform_once(const Call& call, Services& services,
                                    const std::function<Response()>& code);

// A handler that is performed.
[[nodiscard]] Handler performed(Handler handler);

// A POST route whose handler is performed: its description says what that adds.
[[nodiscard]] Route repeatable(Route route);

// Writes to the trail who made this call, on what, and the states around it (JSON, without
// secrets), inside `perform`. Where that fails, `answer` says so, and nothing was done.
void write_audit(const Call& call, Services& services, std::string_view action,
                 std::string_view target, Response& answer,
                 std::optional<std::string> before = std::nullopt,
                 std::optional<std::string> after = std::nullopt);

// A handler that is performed and whose success is written to the trail, with the path's first
// captured name as the target.
[[nodiscard]] Handler audited(std::string_view action, Handler handler);

}  // namespace esteira::http
