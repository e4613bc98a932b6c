// The decorators of the simulated world.
#pragma once

#include "repository/delegate.hpp"

namespace esteira::sim {

using Delegate = DelegateRepository;

}  // namespace esteira::sim
