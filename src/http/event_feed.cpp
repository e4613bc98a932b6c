#include "http/event_feed.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include "http/event_stream.hpp"
#include "http/in_pool.hpp"
#include "http/problem.hpp"

// Asio's coroutine frames come from its own allocator, which g++ takes for a mismatch.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace esteira::http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using namespace std::chrono_literals;

constexpr auto look_interval = 250ms;
constexpr auto stats_interval = 1s;
// Statistics that are slow are asked for less often: they take a small part of the time.
constexpr int stats_share = 20;
// The keys' own cache is four seconds old at most: a key that ends is noticed within five.
constexpr auto keys_interval = 500ms;
constexpr std::size_t streams_max = 2'000;
constexpr std::size_t streams_per_key_max = 100;
constexpr std::size_t ring_events_max = 256;
constexpr std::size_t ring_bytes_max = std::size_t{4} * 1024 * 1024;
// Places that one look catches up from; the others wait for the next.
constexpr std::size_t resumed_in_look_max = 16;
constexpr auto join_look = 5s;

// Those with the same headers of this kind have the same rights.
std::string asker_of(const Call& call) {
  std::string name = call.actor;
  for (const std::string_view header : {"Authorization", "Cookie"}) {
    name += '\n';
    name += call.request.header(header).value_or("");
  }
  return name;
}

}  // namespace

EventFeed::EventFeed(ServicePool& pool, Gate gate)
    : pool_(pool), gate_(std::move(gate)), ring_(ring_events_max, ring_bytes_max) {}

std::unique_ptr<Stream> EventFeed::listen(Call call) {
  return std::make_unique<EventStream>(*this, std::move(call));
}

void EventFeed::stop() {
  stopping_ = true;
  for (auto* listener : all_) listener->state = Listener::State::ended;
  listening_.wake_all();
  pausing_.wake_all();
}

std::optional<Response> EventFeed::add(Listener& listener, const Call& call) {
  const auto found = by_actor_.find(call.actor);
  const auto of_actor = found == by_actor_.end() ? 0 : found->second;
  const bool keyed = call.actor.starts_with("key:");
  if (all_.size() >= streams_max || (keyed && of_actor >= streams_per_key_max)) {
    return problem(429, "too many event streams are open");
  }
  listener.actor = call.actor;
  listener.asker = asker_of(call);
  auto& group = askers_[listener.asker];
  if (group.listeners++ == 0) group.call = call;
  ++by_actor_[listener.actor];
  all_.insert(&listener);
  return std::nullopt;
}

void EventFeed::remove(Listener& listener) {
  if (all_.erase(&listener) == 0) return;
  if (--by_actor_[listener.actor] == 0) by_actor_.erase(listener.actor);
  const auto group = askers_.find(listener.asker);
  if (--group->second.listeners == 0) askers_.erase(group);
}

awaitable<void> EventFeed::join(Listener& listener) {
  const auto executor = co_await asio::this_coro::executor;
  const auto place = running_ && listener.after ? ring_.behind(*listener.after) : std::nullopt;
  if (place) {
    listener.place = *place;
    listener.state = Listener::State::listens;
    co_return;
  }
  if (running_ && cursor_ && !listener.after) {
    begin_here(listener);
    co_return;
  }
  if (running_) {
    pausing_.wake_all();
  } else if (!stopping_) {
    running_ = true;
    asio::co_spawn(executor, run(), asio::detached);
  }
  while (listener.state == Listener::State::joins && !stopping_) {
    const auto until = Steady::now() + join_look;
    co_await listening_.wait(until);
  }
}

Chunk EventFeed::take(Listener& listener) {
  if (listener.state == Listener::State::ended) return nullptr;
  if (!listener.first.empty()) {
    auto chunk = std::move(listener.first.front());
    listener.first.erase(listener.first.begin());
    return chunk;
  }
  if (listener.place < ring_.begin()) {
    listener.state = Listener::State::ended;
    return nullptr;
  }
  if (listener.place == ring_.end()) return nullptr;
  return ring_.at(listener.place++);
}

awaitable<void> EventFeed::wait(Steady::time_point until) { co_await listening_.wait(until); }

awaitable<void> EventFeed::run() {
  while (!stopping_ && listeners() > 0) {
    const auto begun = Steady::now();
    const Look look = next_look(begun);
    auto work = [&look, this](Services* services) { return look_at(look, gate_, services); };
    auto seen = co_await in_pool<Seen>(pool_, work);
    if (!seen) {
      seen.emplace();
      seen->failure = problem(503, "too many calls wait for the database: try again soon");
    }
    publish(look, *seen, Steady::now());
    admit(look, *seen);
    listening_.wake_all();
    const bool somebody_joins = std::ranges::any_of(
        all_, [](const auto* one) { return one->state == Listener::State::joins; });
    if (!somebody_joins && !stopping_) co_await pausing_.wait(begun + look_interval);
  }
  running_ = false;
  cursor_.reset();
  stats_.reset();
  stats_shape_.clear();
  stats_at_ = {};
  ring_.clear();
}

Look EventFeed::next_look(Steady::time_point now) const {
  Look look{.cursor = cursor_, .stats = now >= stats_at_};
  std::set<std::string> places;
  for (const auto* listener : all_) {
    if (listener->state != Listener::State::joins || !listener->after) continue;
    if (places.size() < resumed_in_look_max) places.insert(*listener->after);
  }
  look.resumed.assign(places.begin(), places.end());
  if (now < keys_at_) return look;
  for (const auto& [name, group] : askers_) look.askers.push_back({name, group.call});
  return look;
}

void EventFeed::publish(const Look& look, Seen& seen, Steady::time_point now) {
  if (!look.askers.empty()) keys_at_ = now + keys_interval;
  for (auto* listener : all_) {
    if (std::ranges::find(seen.refused, listener->asker) != seen.refused.end()) {
      listener->state = Listener::State::ended;
    }
  }
  if (seen.failure) return;
  cursor_ = seen.cursor;
  if (seen.tasks) ring_.push(seen.cursor, std::move(seen.tasks));
  if (!look.stats) return;
  stats_at_ = now + std::max<Steady::duration>(stats_interval, stats_share * seen.stats_took);
  if (!seen.stats || seen.stats_shape == stats_shape_) return;
  stats_ = seen.stats;
  stats_shape_ = std::move(seen.stats_shape);
  ring_.push(seen.cursor, std::move(seen.stats));
}

void EventFeed::admit(const Look& look, const Seen& seen) {
  for (auto* listener : all_) {
    if (listener->state != Listener::State::joins) continue;
    const bool asked =
        !listener->after || std::ranges::find(look.resumed, *listener->after) != look.resumed.end();
    if (asked) admit_one(*listener, seen);
  }
}

void EventFeed::admit_one(Listener& listener, const Seen& seen) const {
  if (seen.failure) {
    listener.refusal = seen.failure;
    listener.state = Listener::State::ended;
    return;
  }
  if (listener.after) {
    const auto& found = seen.resumed.at(*listener.after);
    if (const auto* refusal = std::get_if<Response>(&found)) {
      listener.refusal = *refusal;
      listener.state = Listener::State::ended;
      return;
    }
    if (const auto& missed = std::get<Chunk>(found)) listener.first.push_back(missed);
  }
  begin_here(listener);
}

void EventFeed::begin_here(Listener& listener) const {
  if (stats_) listener.first.push_back(stats_);
  listener.place = ring_.end();
  listener.state = Listener::State::listens;
}

}  // namespace esteira::http
