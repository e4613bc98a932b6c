#include "world/trace.hpp"

#include <cstdio>

namespace esteira::sim {

void Trace::write_time(Duration at) {
  const auto us = at.count();
  fmt::format_to(std::back_inserter(buffer_), "{:>4}.{:06} ", us / 1'000'000, us % 1'000'000);
}

void Trace::take_line() {
  constexpr std::uint64_t prime = 0x100000001B3U;
  for (const char byte : buffer_) {
    digest_ = (digest_ ^ static_cast<unsigned char>(byte)) * prime;
  }
  digest_ = (digest_ ^ static_cast<unsigned char>('\n')) * prime;
  ring_[count_ % kept].assign(buffer_.data(), buffer_.size());
  ++count_;
  if (verbose_) fmt::print("{}\n", std::string_view(buffer_.data(), buffer_.size()));
}

std::vector<std::string_view> Trace::last_lines() const {
  std::vector<std::string_view> lines;
  const auto first = count_ > kept ? count_ - kept : 0;
  for (auto i = first; i < count_; ++i) lines.emplace_back(ring_[i % kept]);
  return lines;
}

}  // namespace esteira::sim
