// What happened in a run, line by line: the last lines for a person, a digest of all of them for
// the promise that a seed repeats.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "esteira/time.hpp"

namespace esteira::sim {

class Trace {
 public:
  // `verbose`: each line is printed as it comes.
  explicit Trace(bool verbose) : verbose_(verbose), ring_(kept) {}

  template <class... Arguments>
  void line(Duration at, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    buffer_.clear();
    write_time(at);
    fmt::format_to(std::back_inserter(buffer_), format, std::forward<Arguments>(arguments)...);
    take_line();
  }

  // FNV-1a over every line so far.
  [[nodiscard]] std::uint64_t digest() const { return digest_; }
  [[nodiscard]] std::size_t lines() const { return count_; }
  // Oldest first.
  [[nodiscard]] std::vector<std::string_view> last_lines() const;

 private:
  static constexpr std::size_t kept = 60;

  void write_time(Duration at);
  void take_line();

  const bool verbose_;
  fmt::memory_buffer buffer_;
  std::vector<std::string> ring_;
  std::size_t count_ = 0;
  std::uint64_t digest_ = 0xCBF29CE484222325U;
};

}  // namespace esteira::sim
