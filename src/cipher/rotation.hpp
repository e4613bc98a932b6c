// Wraps the data keys of tasks anew, under the keyring's current key, while everybody works.
#pragma once

#include <functional>

#include "cipher/keyring.hpp"
#include "repository/repository.hpp"

namespace esteira {

struct Rotation {
  std::int64_t wrapped = 0;  // anew
  std::int64_t failed = 0;   // their keys are not at hand, or they were changed
  std::string why{};         // of the first that failed
};

// In transactions of `batch` tasks, each whole, so that one that is broken off goes on where it
// stopped; `progress` (may be null) is told after each. What programs with another current key
// write meanwhile is met too, as far as it does not go on for ever: `cipher_counts` says what is
// left.
[[nodiscard]] Expected<Rotation> rotate(TaskRepository& repository, const Keyring& keyring,
                                        int batch,
                                        const std::function<void(const Rotation&)>& progress);

}  // namespace esteira
