#include "worker/thread_runner.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/thread_name.hpp"
#include "base/utf8.hpp"
#include "domain/limits.hpp"

namespace esteira {
namespace {

// Lets a runner thread wait for the commit of what it said.
class BlockingWaiter final : public NoteWaiter {
 public:
  void answer(const NoteAnswer& answer) override {
    {
      MutexLock lock(mutex_);
      answer_ = answer;
    }
    condition_.notify_one();
  }
  // Nothing when asked to stop before an answer came.
  std::optional<NoteAnswer> wait(const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] {
      // Taking the lock orders this after a waiter's look at `stop`.
      {
        const MutexLock lock(mutex_);
      }
      condition_.notify_one();
    });
    MutexLock lock(mutex_);
    while (!answer_ && !stop.stop_requested()) condition_.wait(mutex_);
    return answer_;
  }

 private:
  Mutex mutex_;
  Condition condition_;
  std::optional<NoteAnswer> answer_ ESTEIRA_GUARDED_BY(mutex_);
};

bool has_room_for_batch(const AttemptPtr& first, const AttemptPtr& next) {
  return first->policy == next->policy;
}

}  // namespace

struct ThreadRunner::State {
  State(int threads, int the_batch, std::shared_ptr<const Clock> the_clock,
        std::function<void()> the_changed)
      : slots(threads),
        batch(the_batch),
        clock(std::move(the_clock)),
        changed(std::move(the_changed)) {}

  const int slots;
  const int batch;
  const std::shared_ptr<const Clock> clock;
  const std::function<void()> changed;

  mutable Mutex mutex;
  Condition work;
  std::deque<AttemptPtr> queue ESTEIRA_GUARDED_BY(mutex);
  std::vector<DoneAttempt> done ESTEIRA_GUARDED_BY(mutex);
  int running ESTEIRA_GUARDED_BY(mutex) = 0;  // attempts
  int busy ESTEIRA_GUARDED_BY(mutex) = 0;     // threads in user code
  int threads_alive ESTEIRA_GUARDED_BY(mutex) = 0;
  Condition thread_left;
  bool ending ESTEIRA_GUARDED_BY(mutex) = false;

  Mutex notes_mutex;
  std::vector<PendingNote> notes ESTEIRA_GUARDED_BY(notes_mutex);
  // Where an attempt's latest progress stands in `notes`: only the last one is kept.
  std::unordered_map<const Attempt*, std::size_t> progress ESTEIRA_GUARDED_BY(notes_mutex);

  void run();
  std::vector<AttemptPtr> next_attempts();
  void finish(std::vector<DoneAttempt> finished);
  std::vector<DoneAttempt> process(std::vector<AttemptPtr> attempts);
};

// What `process` sees. One for each call, on the runner thread's stack.
class ThreadRunner::Context final : public ExecutionContext {
 public:
  Context(State& state, const Attempt& attempt) : state_(state), attempt_(attempt) {
    if (attempt.claim.checkpoint) {
      if (auto parsed = parse_json(*attempt.claim.checkpoint)) checkpoint_ = std::move(*parsed);
    }
  }

  [[nodiscard]] Time deadline() const override {
    return Time{Duration{attempt_.started_at_us.load()}} + attempt_.timeout();
  }
  [[nodiscard]] std::stop_token stop_token() const override { return attempt_.stop.get_token(); }
  [[nodiscard]] int attempt() const override { return attempt_.claim.fence.attempt; }
  [[nodiscard]] std::string idempotency_key() const override {
    return fmt::format("esteira-task-{}", attempt_.claim.fence.task_id);
  }

  void progress(double fraction, std::string_view text) override {
    ProgressNote note{fence(), std::clamp(fraction, 0.0, 1.0),
                      clean_text(text, limits::progress_text_bytes_max)};
    MutexLock lock(state_.notes_mutex);
    const auto [place, added] = state_.progress.try_emplace(&attempt_, state_.notes.size());
    if (added) {
      state_.notes.push_back({std::move(note), nullptr});
    } else {
      state_.notes[place->second].note = std::move(note);
    }
  }
  void log(LogLevel level, std::string_view text) override {
    constexpr auto lines_max = static_cast<int>(limits::log_lines_max);
    if (lines_ >= lines_max) return;
    ++lines_;
    const bool last = lines_ == lines_max;
    say({LogNote{fence(), lines_, state_.clock->now(), level,
                 last ? fmt::format("no more lines are kept: the limit is {}", lines_max)
                      : clean_text(text, limits::log_line_bytes_max)},
         nullptr});
  }
  void checkpoint(const Json& value) override {
    if (auto good = check_json(value); !good) throw TaskError(good.error().message, RetryNever{});
    auto text = to_text(value);
    if (text.size() > limits::checkpoint_bytes_max) {
      throw TaskError(fmt::format("a checkpoint of {} bytes is over the limit of {}", text.size(),
                                  limits::checkpoint_bytes_max),
                      RetryNever{});
    }
    ask(CheckpointNote{.fence = fence(),
                       .state = std::move(text),
                       .encrypted = attempt_.claim.terms.encrypted},
        "checkpoint");
    checkpoint_ = value;
  }
  [[nodiscard]] const Json& last_checkpoint() const override { return checkpoint_; }
  std::int64_t reserve_number(std::string_view counter) override {
    if (counter.empty() || counter.size() > limits::counter_name_bytes_max ||
        clean_text(counter, limits::counter_name_bytes_max) != counter) {
      throw TaskError(
          fmt::format("a counter's name is 1 to {} bytes of text", limits::counter_name_bytes_max),
          RetryNever{});
    }
    return ask(NumberNote{fence(), std::string(counter)}, "number").number;
  }

 private:
  [[nodiscard]] const Fence& fence() const { return attempt_.claim.fence; }

  void say(PendingNote note) {
    MutexLock lock(state_.notes_mutex);
    state_.notes.push_back(std::move(note));
  }
  NoteAnswer ask(Note note, std::string_view what) {
    const auto waiter = std::make_shared<BlockingWaiter>();
    say({std::move(note), waiter});
    state_.changed();
    const auto answer = waiter->wait(attempt_.stop.get_token());
    if (!answer) throw TaskError(fmt::format("asked to stop before the {} was kept", what));
    if (!answer->applied) {
      throw TaskError(fmt::format("the lease is lost: the {} was not kept", what));
    }
    return *answer;
  }

  State& state_;
  const Attempt& attempt_;
  Json checkpoint_;
  int lines_ = 0;
};

std::vector<AttemptPtr> ThreadRunner::State::next_attempts() {
  std::vector<AttemptPtr> next;
  MutexLock lock(mutex);
  while (queue.empty() && !ending) work.wait(mutex);
  if (queue.empty()) return next;
  next.push_back(std::move(queue.front()));
  queue.pop_front();
  const auto limit = static_cast<std::size_t>(next.front()->policy->processor->batch_size());
  while (next.size() < limit && !queue.empty() && has_room_for_batch(next.front(), queue.front())) {
    next.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  running += static_cast<int>(next.size());
  ++busy;
  return next;
}

std::vector<DoneAttempt> ThreadRunner::State::process(std::vector<AttemptPtr> attempts) {
  const auto steady = clock->steady();
  const auto now = clock->now();
  const auto at = now.time_since_epoch().count();
  std::vector<DoneAttempt> finished;
  std::erase_if(attempts, [&](const AttemptPtr& attempt) {
    auto early = outcome_before_start(*attempt, steady, now);
    if (early) finished.push_back({attempt, std::move(*early)});
    return early.has_value();
  });
  if (attempts.empty()) return finished;
  for (const auto& attempt : attempts) {
    attempt->started_at_us = at;
    attempt->started_steady_us = steady.count();
  }
  Context context(*this, *attempts.front());
  if (attempts.front()->policy->processor->batch_size() <= 1) {
    finished.push_back({attempts.front(), run_attempt(*attempts.front(), context, *clock)});
    return finished;
  }
  auto outcomes = run_attempts(attempts, context, *clock);
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    finished.push_back({std::move(attempts[i]), std::move(outcomes[i])});
  }
  return finished;
}

void ThreadRunner::State::finish(std::vector<DoneAttempt> finished) {
  bool look = false;
  {
    MutexLock lock(mutex);
    running -= static_cast<int>(finished.size());  // all that next_attempts took
    --busy;
    const auto before = static_cast<int>(done.size());
    for (auto& one : finished) done.push_back(std::move(one));
    const auto after = static_cast<int>(done.size());
    look = before == 0 || (before < batch && after >= batch) || queue.empty();
  }
  if (look) changed();
}

void ThreadRunner::State::run() {
  name_this_thread("esteira-runner");
  for (;;) {
    auto attempts = next_attempts();
    if (attempts.empty()) break;
    finish(process(std::move(attempts)));
  }
  const MutexLock lock(mutex);
  --threads_alive;
  thread_left.notify_all();
}

ThreadRunner::ThreadRunner(int threads, int batch, std::shared_ptr<const Clock> clock,
                           std::function<void()> changed)
    : state_(std::make_shared<State>(threads, batch, std::move(clock), std::move(changed))) {
  {
    MutexLock lock(state_->mutex);
    state_->threads_alive = threads;
  }
  for (int i = 0; i < threads; ++i) threads_.emplace_back([state = state_] { state->run(); });
}

ThreadRunner::~ThreadRunner() {
  {
    MutexLock lock(state_->mutex);
    state_->ending = true;
    state_->work.notify_all();
    // Whoever still runs was asked to stop before; a thread stuck in user code can't be ended.
    while (state_->threads_alive > state_->busy) state_->thread_left.wait(state_->mutex);
  }
  bool stuck = false;
  {
    MutexLock lock(state_->mutex);
    stuck = state_->threads_alive > 0;
  }
  for (auto& thread : threads_) {
    if (stuck) {
      thread.detach();
    } else {
      thread.join();
    }
  }
}

void ThreadRunner::start(std::vector<AttemptPtr> attempts) {
  const auto count = attempts.size();
  {
    MutexLock lock(state_->mutex);
    for (auto& attempt : attempts) state_->queue.push_back(std::move(attempt));
  }
  if (count == 1) {
    state_->work.notify_one();
  } else {
    state_->work.notify_all();
  }
}

std::vector<DoneAttempt> ThreadRunner::take_done() {
  MutexLock lock(state_->mutex);
  return std::exchange(state_->done, {});
}

std::vector<PendingNote> ThreadRunner::take_notes() {
  MutexLock lock(state_->notes_mutex);
  state_->progress.clear();
  return std::exchange(state_->notes, {});
}

std::vector<AttemptPtr> ThreadRunner::withdraw() {
  MutexLock lock(state_->mutex);
  std::vector<AttemptPtr> back(std::make_move_iterator(state_->queue.begin()),
                               std::make_move_iterator(state_->queue.end()));
  state_->queue.clear();
  return back;
}

RunnerLoad ThreadRunner::load() const {
  MutexLock lock(state_->mutex);
  return {.slots = state_->slots,
          .busy = state_->busy,
          .queued = static_cast<int>(state_->queue.size()),
          .running = state_->running,
          .done = static_cast<int>(state_->done.size())};
}

}  // namespace esteira
