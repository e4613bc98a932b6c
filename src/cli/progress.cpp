#include "cli/progress.hpp"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "cli/output.hpp"

namespace esteira::cli {
namespace {

constexpr std::chrono::milliseconds between_draws{100};
constexpr int bar_columns = 30;

}  // namespace

std::string progress_bar(std::int64_t done, std::int64_t total, int columns) {
  if (total <= 0) return {};
  const double share = std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
  const auto filled = static_cast<std::size_t>(share * columns);
  std::string bar(filled, '#');
  bar.resize(static_cast<std::size_t>(columns), '-');
  return fmt::format("[{}] {:3.0f} %", bar, share * 100);
}

Progress::Progress(std::string what, std::int64_t total)
    : what_(std::move(what)), total_(total), enabled_(stderr_is_terminal()) {}

Progress::~Progress() {
  if (enabled_) fmt::print(stderr, "\r\x1b[K");
}

void Progress::show(std::int64_t done, std::int64_t tasks) {
  const auto now = std::chrono::steady_clock::now();
  if (!enabled_ || now - drawn_ < between_draws) return;
  drawn_ = now;
  fmt::print(stderr, "\r\x1b[K{} {} {} tasks", what_, progress_bar(done, total_, bar_columns),
             count_cell(tasks));
  std::fflush(stderr);
}

}  // namespace esteira::cli
