// What one listener is told: server-sent events.
#pragma once

#include <chrono>

#include "http/event_feed.hpp"

namespace esteira::http {

class EventStream final : public Stream {
 public:
  EventStream(EventFeed& feed, Call call) : feed_(feed), call_(std::move(call)) {}
  ~EventStream() override { feed_.remove(listener_); }
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  boost::asio::awaitable<void> open(std::optional<Response>& refusal) override;
  boost::asio::awaitable<void> next(Chunk& chunk) override;

 private:
  EventFeed& feed_;
  const Call call_;
  Listener listener_{};
  bool greeted_ = false;
  std::chrono::steady_clock::time_point spoke_at_{};
};

}  // namespace esteira::http
