// What this process calls itself in the database.
#pragma once

#include <string>

#include "base/random.hpp"

namespace esteira {

[[nodiscard]] std::string host_name();
// host-pid-random.
[[nodiscard]] std::string default_worker_name(Random& random);

}  // namespace esteira
