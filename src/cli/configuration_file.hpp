// esteira.toml. (configuration_file.cpp is the one place that knows the TOML library.)
#pragma once

#include "cli/configuration.hpp"

namespace esteira::cli {

[[nodiscard]] Expected<void> apply_configuration_file(Configuration& configuration,
                                                      const std::string& path);

}  // namespace esteira::cli
