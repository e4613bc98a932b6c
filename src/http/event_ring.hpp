// The last events of the feed, for those who have not heard them yet.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "http/stream.hpp"

namespace esteira::http {

// Bounded: what is older than its last events, or does not fit into its bytes, is gone. Places are
// counted from 0 and never used twice. One thread.
class EventRing {
 public:
  EventRing(std::size_t events_max, std::size_t bytes_max)
      : events_max_(events_max), bytes_max_(bytes_max) {}

  void push(std::string id, Chunk event);
  void clear();
  // The places that are held: from begin() up to, not with, end().
  [[nodiscard]] std::uint64_t begin() const { return end_ - events_.size(); }
  [[nodiscard]] std::uint64_t end() const { return end_; }
  // `place` is held.
  [[nodiscard]] const Chunk& at(std::uint64_t place) const;
  // The place behind the first event with this id.
  [[nodiscard]] std::optional<std::uint64_t> behind(std::string_view id) const;

 private:
  struct Entry {
    std::string id;
    Chunk event;
  };
  const std::size_t events_max_;
  const std::size_t bytes_max_;
  std::deque<Entry> events_;
  std::size_t bytes_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace esteira::http
