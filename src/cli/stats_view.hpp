// Statistics, for people: `stats` prints them once, `top` again and again.
#pragma once

#include <string>

#include "cli/output.hpp"
#include "domain/stats.hpp"

namespace esteira::cli {

// "PENDING 12   PROCESSING 3   …"
[[nodiscard]] std::string status_line(const Stats& stats);
[[nodiscard]] Table types_table(const Stats& stats);

}  // namespace esteira::cli
