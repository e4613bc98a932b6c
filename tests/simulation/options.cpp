#include "options.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace esteira::sim {
namespace {

std::expected<std::uint64_t, std::string> parse_number(std::string_view name,
                                                       std::string_view text) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [place, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc{} && place == end && !text.empty()) return value;
  return std::unexpected(fmt::format("{} takes a whole number, not '{}'", name, text));
}

bool takes_value(std::string_view name) {
  constexpr std::string_view names[] = {"--seed", "--from", "--seeds", "--steps", "--mistake"};
  return std::ranges::find(names, name) != std::end(names);
}

std::expected<void, std::string> take_value(Options& options, std::string_view name,
                                            std::string_view value) {
  if (name == "--mistake") {
    const auto mistake = parse_mistake(value);
    if (!mistake) {
      return std::unexpected(
          fmt::format("--mistake is one of {}, not '{}'", fmt::join(mistake_names(), ", "), value));
    }
    options.mistake = *mistake;
    options.mistake_name = value;
    return {};
  }
  const auto number = parse_number(name, value);
  if (!number) return std::unexpected(number.error());
  if (name == "--seed") {
    options.from = *number;
    options.count = 1;
  } else if (name == "--from") {
    options.from = *number;
  } else if (name == "--steps") {
    options.steps = *number;
  } else if (*number == 0) {
    return std::unexpected("--seeds is at least 1");
  } else {
    options.count = *number;
  }
  return {};
}

}  // namespace

std::expected<Options, std::string> parse_options(std::span<char*> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    if (name == "--help" || name == "-h") {
      options.help = true;
    } else if (name == "--verbose") {
      options.verbose = true;
    } else if (!takes_value(name)) {
      return std::unexpected(fmt::format("'{}' is no option: see --help", name));
    } else if (i + 1 == arguments.size()) {
      return std::unexpected(fmt::format("{} takes a value", name));
    } else if (auto taken = take_value(options, name, arguments[++i]); !taken) {
      return std::unexpected(taken.error());
    }
  }
  return options;
}

std::string help_text() {
  return fmt::format(
      R"(esteira-sim [--seed N | --from N --seeds M] [--steps N] [--mistake NAME] [--verbose]

Runs the real service, worker loop and maintenance over SQLite in memory in one thread, under a
virtual clock and faults that a seed decides, and checks the delivery contract after each step.

  --seed N        runs one seed (1)
  --from N        runs the seeds from N on …
  --seeds M       … M of them
  --mistake NAME  with a deliberate mistake, which the checks must find: {}
  --steps N       ends the faults after N turns, to find the shortest way to a violation
  --verbose       prints the trace as it comes
  --help          prints this

Prints a digest of each seed's trace: the same seed always gives the same. Exit status: 0 no
violation, 1 a violation (its name, its seed and the end of its trace are printed), 2 bad usage.
)",
      fmt::join(mistake_names(), ", "));
}

}  // namespace esteira::sim
