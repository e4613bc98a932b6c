// The row of `task_types` that a processor brings when its type does not exist yet.
#pragma once

#include "domain/policy.hpp"
#include "esteira/processor.hpp"

namespace esteira {

[[nodiscard]] TaskType type_of(const BaseProcessor& processor);

}  // namespace esteira
