// What an applied settlement is to those who listen.
#pragma once

#include <string_view>

#include "domain/settle.hpp"
#include "telemetry/event.hpp"

namespace esteira {

// Its views live as long as the arguments.
[[nodiscard]] Event settled_event(const Settlement& settlement, std::string_view type,
                                  std::string_view worker);

}  // namespace esteira
