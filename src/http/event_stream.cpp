#include "http/event_stream.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "http/problem.hpp"

namespace esteira::http {
namespace {

using boost::asio::awaitable;
using Steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto keep_alive_interval = 15s;
constexpr auto peer_look = 2s;
// How long a browser waits before it comes back.
constexpr std::string_view greeting = "retry: 2000\n\n";

// The id moves the place to come back to, although nothing is told.
Chunk keep_alive(const std::optional<std::string>& cursor) {
  std::string text = ": keep-alive\n";
  if (cursor) text += fmt::format("id: {}\n", *cursor);
  return std::make_shared<const std::string>(text + "\n");
}

std::optional<std::string> place_of(const Call& call) {
  // A browser that comes back sends the header; its address still says what it said at first.
  const auto header = call.request.header("Last-Event-ID");
  if (header && !header->empty()) return std::string(*header);
  return call.query.text("last_event_id");
}

}  // namespace

awaitable<void> EventStream::open(std::optional<Response>& refusal) {
  listener_.after = place_of(call_);
  refusal = feed_.add(listener_, call_);
  if (refusal) co_return;
  co_await feed_.join(listener_);
  refusal = std::move(listener_.refusal);
  if (refusal || listener_.state == Listener::State::listens) co_return;
  refusal = problem(503, "the server ends, or the key has: try again");
}

awaitable<void> EventStream::next(Chunk& chunk) {
  const auto begun = Steady::now();
  chunk.reset();
  if (!greeted_) {
    greeted_ = true;
    spoke_at_ = begun;
    chunk = std::make_shared<const std::string>(greeting);
    co_return;
  }
  for (;;) {
    chunk = feed_.take(listener_);
    const auto now = Steady::now();
    if (chunk) spoke_at_ = now;
    if (chunk || listener_.state == Listener::State::ended) co_return;
    if (now >= spoke_at_ + keep_alive_interval) {
      spoke_at_ = now;
      chunk = keep_alive(feed_.cursor());
      co_return;
    }
    if (now >= begun + peer_look) {
      chunk = std::make_shared<const std::string>();
      co_return;
    }
    const auto until = std::min(begun + peer_look, spoke_at_ + keep_alive_interval);
    co_await feed_.wait(until);
  }
}

}  // namespace esteira::http
