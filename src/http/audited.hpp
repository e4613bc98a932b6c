// Routes whose doings are written into the audit trail.
#pragma once

#include <string_view>

#include "http/router.hpp"

namespace esteira::http {

// Writes who did `action` on what, from where. Where the trail can't be written the deed is done
// all the same; the log says so.
void write_audit(const Call& call, Services& services, std::string_view action,
                 std::string_view target, Response& answer,
                 std::optional<std::string> before = std::nullopt,
                 std::optional<std::string> after = std::nullopt);

// A handler whose success is written, with the path's first {…} as its target.
[[nodiscard]] Handler audited(std::string_view action, Handler handler);

}  // namespace esteira::http
