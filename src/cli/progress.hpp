// A progress bar on standard error, where that is a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace esteira::cli {

class Progress {
 public:
  // `what` is done to `total` (bytes, tasks); 0: nobody knows how much there is.
  Progress(std::string what, std::int64_t total);
  ~Progress();  // clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Draws at most ten times a second.
  void show(std::int64_t done, std::int64_t tasks);

 private:
  std::string what_;
  std::int64_t total_;
  bool enabled_;
  std::chrono::steady_clock::time_point drawn_{};
};

// "[#####-----]  50 %"; pure.
[[nodiscard]] std::string progress_bar(std::int64_t done, std::int64_t total, int columns);

}  // namespace esteira::cli
