// One task in the hands of a worker that speaks the work protocol: what it was handed, what its
// processor says of it, and what is reported in the end.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "base/mutex.hpp"
#include "esteira/processor.hpp"

namespace esteira::test {

// Why it was asked to stop; the protocol says `cancel` of a cancel and of a deadline alike.
enum class StopWord : std::uint8_t { none, cancel, lost, shutdown };

class HeldTask {
 public:
  // One of a claim's `tasks`. Errors: it is not what the protocol promises.
  [[nodiscard]] static Expected<std::shared_ptr<HeldTask>> read(const Json& handed);

  // Constant.
  JsonObject fence;  // {task_id, attempt, lease_id}
  Task task;
  Time deadline_at{};
  Json checkpoint;

  // Thread-safe from here on. The first word stays.
  void request_stop(StopWord word);
  [[nodiscard]] StopWord stop_word() const { return stop_word_.load(); }
  [[nodiscard]] std::stop_token stop_token() const { return stop_.get_token(); }

  void progress(double fraction);
  void log(LogLevel level, std::string_view text);
  // What the server has not heard yet.
  [[nodiscard]] bool has_words() const;
  // This task in a heartbeat: its fence, and what was said since the last one that was heard, as
  // far as one may carry it.
  [[nodiscard]] JsonObject beat() const;
  // The server has heard this beat.
  void heard(const JsonObject& beat);

 private:
  std::stop_source stop_;
  std::atomic<StopWord> stop_word_ = StopWord::none;
  mutable Mutex mutex_;
  std::optional<double> progress_ ESTEIRA_GUARDED_BY(mutex_);
  JsonArray log_ ESTEIRA_GUARDED_BY(mutex_);
  int lines_ ESTEIRA_GUARDED_BY(mutex_) = 0;
};
using HeldPtr = std::shared_ptr<HeldTask>;

// Sends one task's part of a heartbeat at once; answers its `status`.
using SendBeat = std::function<Expected<std::string>(JsonObject beat)>;

// Runs the processor and answers the report. `send_beat` carries checkpoints.
[[nodiscard]] JsonObject run_held_task(HeldTask& held, BaseProcessor& processor,
                                       const SendBeat& send_beat);
[[nodiscard]] JsonObject released_report_of(const HeldTask& held);
[[nodiscard]] JsonObject failed_report_of(const HeldTask& held, std::string_view message,
                                          const Retry& retry);

}  // namespace esteira::test
