// The tasks in a database that this process has open.
#pragma once

#include <memory>

#include "cli/backend.hpp"
#include "cli/wiring.hpp"

namespace esteira::cli {

[[nodiscard]] std::unique_ptr<Backend> local_backend(Store store);

}  // namespace esteira::cli
