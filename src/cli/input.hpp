// What a person gives on the command line beside plain options: JSON, files, standard input, times.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "esteira/json.hpp"
#include "esteira/time.hpp"

namespace esteira::cli {

// The text itself, the content of FILE for "@FILE", or standard input for "-"; at most `bytes_max`.
[[nodiscard]] Expected<std::string> read_argument(const std::string& argument,
                                                  std::size_t bytes_max);
[[nodiscard]] Expected<std::string> read_file(const std::string& path, std::size_t bytes_max);

// A payload as such an argument gives it.
[[nodiscard]] Expected<Json> read_payload(const std::string& argument);

// RFC 3339, or a delay: "+30s", "+5m", "+2h", "+1d".
[[nodiscard]] Expected<std::variant<Time, Duration>> parse_schedule(std::string_view text);

}  // namespace esteira::cli
