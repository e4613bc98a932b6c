// The tasks behind a server's HTTP API (docs/http.md).
#pragma once

#include <functional>
#include <memory>

#include "cli/backend.hpp"
#include "cli/server_settings.hpp"

namespace esteira::cli {

// Nothing is asked of the server yet. `stopped` (may be null) is asked while a call that changes
// nothing waits; true ends it.
[[nodiscard]] std::unique_ptr<Backend> remote_backend(ServerSettings settings,
                                                      std::function<bool()> stopped = {});

// The body of PUT /types/{name}.
[[nodiscard]] Json type_change_to_json(const TypeChange& change);

}  // namespace esteira::cli
