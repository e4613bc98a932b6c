#include "http/event_ring.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace esteira::http {

void EventRing::push(std::string id, Chunk event) {
  bytes_ += event->size();
  events_.push_back({.id = std::move(id), .event = std::move(event)});
  ++end_;
  while (events_.size() > events_max_ || (bytes_ > bytes_max_ && events_.size() > 1)) {
    bytes_ -= events_.front().event->size();
    events_.pop_front();
  }
}

void EventRing::clear() {
  events_.clear();
  bytes_ = 0;
}

const Chunk& EventRing::at(std::uint64_t place) const {
  ESTEIRA_ASSERT(place >= begin() && place < end());
  return events_[static_cast<std::size_t>(place - begin())].event;
}

std::optional<std::uint64_t> EventRing::behind(std::string_view id) const {
  const auto found = std::ranges::find(events_, id, &Entry::id);
  if (found == events_.end()) return std::nullopt;
  return begin() + static_cast<std::uint64_t>(found - events_.begin()) + 1;
}

}  // namespace esteira::http
