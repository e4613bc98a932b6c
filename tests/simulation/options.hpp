// The command line of esteira-sim.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>

#include "mistakes/mistakes.hpp"

namespace esteira::sim {

struct Options {
  std::uint64_t from = 1;
  std::uint64_t count = 1;
  Mistake mistake = Mistake::none;
  std::string mistake_name;
  std::optional<std::size_t> steps;
  bool verbose = false;
  bool help = false;
};

[[nodiscard]] std::expected<Options, std::string> parse_options(std::span<char*> arguments);
[[nodiscard]] std::string help_text();

}  // namespace esteira::sim
