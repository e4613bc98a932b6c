// What happened, told after the commit: metrics, the log and alerts listen; nobody may answer back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "esteira/task.hpp"
#include "esteira/time.hpp"

namespace esteira {

enum class EventKind : std::uint8_t {
  completed,
  retried,  // a failed attempt that will be tried again
  failed,   // the task ended FAILED
  cancelled,
  snoozed,
  interrupted,
  expired,     // a lease that ended without a word was settled
  stale,       // an outcome came too late and was refused
  stuck,       // a processor ignored its stop; its slot is lost until it comes back
  lease_lost,  // a run lost its lease and was asked to stop
  store_away,  // the database does not answer
  store_back,
};
[[nodiscard]] std::string_view to_text(EventKind kind);

// Views live for the call only.
struct Event {
  EventKind kind = EventKind::completed;
  Time at{};
  TaskId task_id = 0;
  int attempt = 0;
  std::string_view type{};
  std::string_view worker{};
  std::string_view message{};  // of the error
  Duration waited{};
  Duration ran{};
  std::optional<Time> next_at{};  // when it is tried again
};

// Called by the worker loop and the maintenance thread; must be thread-safe and quick.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void emit(const Event& event) = 0;
};

}  // namespace esteira
