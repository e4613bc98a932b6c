// How many files, connections among them, this process may have open at once.
#pragma once

#include <cstddef>

namespace esteira::cli {

// Raises the limit to `wanted` where it is lower, as far as the system lets it (`ulimit -Hn`), and
// answers what it is then. A limit that is higher stays. For the start: the limit is the process's.
[[nodiscard]] std::size_t raise_open_files(std::size_t wanted);

}  // namespace esteira::cli
