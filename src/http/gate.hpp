// Who may ask what.
#pragma once

#include <optional>

#include "http/router.hpp"

namespace esteira::http {

// While no key exists: this machine's own programs may do everything, and nobody else anything. A
// web page that somebody here looks at is somebody else, and so is a name that was rebound to this
// machine.
[[nodiscard]] std::optional<Response> refuse_strangers(const Request& request);

}  // namespace esteira::http
