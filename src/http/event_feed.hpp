// Who listens for changes, and what they are told.
//
// DESIGN. One feed a process. While somebody listens it looks at the database four times a second,
// writes what changed into one event and hands the same bytes to all. Listeners read from a bounded
// ring, each at its own pace: who falls off its end is dropped, so that nobody's slowness costs
// memory. Who comes back with an id that the ring does not hold is caught up from the database,
// within the feed's own look, so that nobody is told of a task's past after its present.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "http/event_look.hpp"
#include "http/event_ring.hpp"
#include "http/wait_hub.hpp"

namespace esteira::http {

// One who listens. The server's thread only.
struct Listener {
  enum class State : std::uint8_t { joins, listens, ended };
  State state = State::joins;
  std::string actor{};                 // counted
  std::string asker{};                 // whose rights it has
  std::optional<std::string> after{};  // where it left off
  std::vector<Chunk> first{};          // what it is told before what is in the ring
  std::uint64_t place = 0;             // of the next event in the ring
  std::optional<Response> refusal{};   // why it has not come to listen
};

// The server's thread only; outlives the server's connections.
class EventFeed {
 public:
  // `pool` is used while the server's thread runs.
  EventFeed(ServicePool& pool, Gate gate);
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;

  [[nodiscard]] std::unique_ptr<Stream> listen(Call call);
  // The server ends, and so does everybody's listening.
  void stop();

  // What a Stream does, in this order. Too many: a refusal.
  [[nodiscard]] std::optional<Response> add(Listener& listener, const Call& call);
  // Returns when it listens, or has a refusal.
  boost::asio::awaitable<void> join(Listener& listener);
  // The next event; null: none yet, or none ever (`ended`).
  [[nodiscard]] Chunk take(Listener& listener);
  boost::asio::awaitable<void> wait(std::chrono::steady_clock::time_point until);
  void remove(Listener& listener);

  // Where who has heard everything may go on.
  [[nodiscard]] const std::optional<std::string>& cursor() const { return cursor_; }

 private:
  using Steady = std::chrono::steady_clock;
  struct Group {
    Call call;
    std::size_t listeners = 0;
  };

  boost::asio::awaitable<void> run();
  [[nodiscard]] Look next_look(Steady::time_point now) const;
  void publish(const Look& look, Seen& seen, Steady::time_point now);
  void admit(const Look& look, const Seen& seen);
  void admit_one(Listener& listener, const Seen& seen) const;
  void begin_here(Listener& listener) const;
  [[nodiscard]] std::size_t listeners() const { return all_.size(); }

  ServicePool& pool_;
  const Gate gate_;
  WaitHub listening_{};
  WaitHub pausing_{};  // the feed itself, between two looks
  EventRing ring_;
  std::set<Listener*> all_{};
  std::map<std::string, std::size_t> by_actor_{};
  std::map<std::string, Group> askers_{};
  bool running_ = false;
  bool stopping_ = false;
  // Of the last look; nothing: the feed begins.
  std::optional<std::string> cursor_{};
  Chunk stats_{};  // the last, for those who come
  std::string stats_shape_{};
  Steady::time_point stats_at_{};
  Steady::time_point keys_at_{};
};

}  // namespace esteira::http
