// `esteira-sim`: runs seeds of the simulated system until one breaks a promise.
#include <chrono>
#include <cstdio>

#include <fmt/format.h>

#include "options.hpp"
#include "world/run.hpp"

namespace esteira::sim {
namespace {

void tell(std::uint64_t seed, const Options& options, const RunResult& result) {
  fmt::print("VIOLATION {} SEED={}{}{}\n  {}\n", result.violation->invariant, seed,
             options.mistake_name.empty() ? "" : " MISTAKE=", options.mistake_name,
             result.violation->detail);
  if (options.verbose) return;
  fmt::print("the last {} lines of the trace:\n", result.last_lines.size());
  for (const auto& line : result.last_lines) fmt::print("  {}\n", line);
}

int run(const Options& options) {
  // A crash of this program should leave the seeds before it on the screen.
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  if (options.count == 1) {
    fmt::print("SEED={}\n", options.from);
  } else {
    fmt::print("FROM={} SEEDS={}\n", options.from, options.count);
  }
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < options.count; ++i) {
    const auto seed = options.from + i;
    const auto result = run_seed(
        seed, {.mistake = options.mistake, .verbose = options.verbose, .turns_max = options.steps});
    fmt::print("{} {:016x} {} lines, {} turns, {} tasks\n", seed, result.digest, result.lines,
               result.turns, result.tasks);
    if (result.violation) {
      tell(seed, options, result);
      return 1;
    }
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  fmt::print("{} seeds, no violation\n", options.count);
  fmt::print(stderr, "{:.1f} s, {:.0f} seeds/s\n", taken.count(),
             static_cast<double>(options.count) / taken.count());
  return 0;
}

int run_program(int count, char** arguments) {
  const auto options = parse_options({arguments + 1, static_cast<std::size_t>(count - 1)});
  if (!options) {
    fmt::print(stderr, "esteira-sim: {}\n", options.error());
    return 2;
  }
  if (options->help) {
    fmt::print("{}", help_text());
    return 0;
  }
  return run(*options);
}

}  // namespace
}  // namespace esteira::sim

int main(int count, char** arguments) { return esteira::sim::run_program(count, arguments); }
