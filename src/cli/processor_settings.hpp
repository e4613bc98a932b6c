// The settings of the built-in processors: [processors.…].
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/configuration_keys.hpp"

namespace esteira::cli {

void add_http_request_settings(std::vector<Setting>& all);

// The commands that COMMAND_RUN may run.
[[nodiscard]] std::vector<std::string> command_names(const Configuration& configuration);
[[nodiscard]] Expected<void> add_command(Configuration& configuration, const std::string& name);

// What only the processors themselves can judge.
[[nodiscard]] Expected<void> check_processors(const Configuration& configuration);

}  // namespace esteira::cli
