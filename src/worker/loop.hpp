// The worker loop: one thread's work, cut into steps.
//
// DESIGN. A step takes what runners have done, settles it, and makes one transaction of everything
// the database must hear: notes, settlements, renewals, promotion and the next claim. A settlement
// stays in `pending_` until the store acknowledges it; after `in_doubt` the same one is offered
// again, and its fence makes that safe. A claim whose answer was lost is asked for again under the
// same lease_id, so that no task waits for a lease that nobody knows of. Leases are renewed at a
// third of their length; an attempt whose lease could not be renewed is asked to stop before it
// ends, on the steady clock counted from before the request was sent.
//
// The thread of TaskWorker calls step() and sleeps for what it answers; the simulator calls it and
// moves a virtual clock. Everything here belongs to that one thread.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "domain/limits.hpp"
#include "domain/settle.hpp"
#include "repository/repository.hpp"
#include "telemetry/event.hpp"
#include "worker/runner.hpp"

namespace esteira {

struct LoopOptions {
  std::string worker;
  Duration lease{};
  Duration poll{};
  Duration ageing{};
  Duration stop_grace{};
  int max_crashes = 3;
  // Results or notes that make a transaction worth it at once; fewer wait for `gather`.
  int tick_results = 250;
  Duration gather = std::chrono::milliseconds{2};
  int prefetch_max = 2000;  // tasks queued beyond the slots
};

class WorkerLoop {
 public:
  WorkerLoop(LoopOptions options, TaskRepository& repository, Runner& runner, const Clock& clock,
             Random& random, EventSink* events);

  // The types this worker may claim, by id. Running attempts keep the policy they began with.
  void set_types(std::vector<std::shared_ptr<const TypePolicy>> types);

  struct Progress {
    int settled = 0;
    int claimed = 0;
    // How long the caller may sleep if nobody wakes it.
    Duration sleep{};
  };
  // One turn. Errors of the store are kept here (see store_error) and tried again.
  Progress step();
  // The next step claims even if its time has not come.
  void wake() { woken_ = true; }

  // Claims nothing while it is quiet; what was claimed is run.
  void set_quiet(bool quiet) { quiet_ = quiet; }
  // Stops claiming; what has not begun goes back at the next step.
  void begin_stop();
  // Asks every running attempt to stop.
  void interrupt_running();
  // Settles what still runs as interrupted: its processors ignored their stop.
  void abandon_running();

  // Owes the store nothing: no outcome, and no claim that may hold tasks without our knowing.
  [[nodiscard]] bool all_told() const { return pending_.empty() && !doubtful_claim_; }
  [[nodiscard]] bool idle() const { return attempts_.empty() && all_told(); }
  // The last claim got less than it asked for, and none is in doubt.
  [[nodiscard]] bool claimed_short() const { return claimed_short_ && !doubtful_claim_; }
  [[nodiscard]] std::size_t in_flight() const { return attempts_.size(); }
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }
  [[nodiscard]] const std::optional<Error>& store_error() const { return store_error_; }
  [[nodiscard]] std::int64_t settled() const { return settled_; }

 private:
  struct Key {
    TaskId task_id = 0;
    int attempt = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return std::hash<std::int64_t>{}(key.task_id * 65536 + key.attempt);
    }
  };
  struct Pending {
    AttemptPtr attempt;
    Outcome outcome;
  };

  void take_done();
  void keep_note(PendingNote note);
  void add_pending(AttemptPtr attempt, Outcome outcome);
  void settle_pending(std::size_t place);
  [[nodiscard]] Duration stop_margin() const;
  void watch_deadlines(Duration steady);
  void give_up(const AttemptPtr& attempt);
  void look_for_cancels(Duration steady);
  void hand_back_late(Duration steady);
  [[nodiscard]] std::vector<Renewal> due_renewals(Duration steady);
  [[nodiscard]] std::optional<ClaimRequest> next_claim(Duration steady);
  [[nodiscard]] int claim_limit();
  void measure_rate(Duration steady);

  [[nodiscard]] bool worth_a_tick(const std::optional<ClaimRequest>& claim,
                                  const std::vector<Renewal>& renewals, Duration steady);
  Progress tick(std::optional<ClaimRequest> claim, std::vector<Renewal> renewals, Duration steady);
  void on_store_error(const Error& error, const TickRequest& request, Duration steady);
  void isolate_refused(const Error& error, std::size_t offered);
  void on_notes(const std::vector<NoteAnswer>& answers);
  int on_settlements(const std::vector<FinishStatus>& statuses);
  void on_renewals(const std::vector<Renewal>& renewals, const TickAnswer& answer, Duration steady);
  int on_claims(std::vector<Claim> claims, Duration steady);
  void end_unstarted(std::vector<AttemptPtr>& attempts);
  void set_suspects_apart(std::vector<AttemptPtr>& attempts);
  void start_suspect(Duration steady);
  void schedule_poll(const TickAnswer& answer, int claimed, int limit, Duration steady);
  [[nodiscard]] Duration sleep_for(Duration steady);
  void emit_settled(const Settlement& settlement, const Attempt& attempt);
  void emit(EventKind kind, const Attempt* attempt, std::string_view message = {});

  const LoopOptions options_;
  TaskRepository& repository_;
  Runner& runner_;
  const Clock& clock_;
  Random& random_;
  EventSink* const events_;

  std::unordered_map<TypeId, std::shared_ptr<const TypePolicy>> types_;
  std::unordered_map<Key, AttemptPtr, KeyHash> attempts_;  // claimed, not yet acknowledged as ended
  std::vector<Pending> pending_;                           // parallel to settlements_
  std::vector<Settlement> settlements_;
  std::vector<PendingNote> notes_;
  std::vector<Note> note_values_;  // parallel to notes_
  // Where an attempt's progress stands in notes_.
  std::unordered_map<Key, std::size_t, KeyHash> progress_;
  AttemptPtr suspect_;  // one crash from poison: waits to run alone, or does
  bool suspect_handed_over_ = false;
  bool isolating_ = false;  // the last claim found suspects: look at one task at a time
  std::optional<ClaimRequest> doubtful_claim_;
  Duration claim_sent_at_{};  // steady; when the doubtful claim was first sent
  std::optional<Error> store_error_;

  int batch_max_ = 1;  // tasks that one slot may take at once
  bool stopping_ = false;
  bool quiet_ = false;
  bool woken_ = true;
  bool claimed_short_ = false;
  bool offer_one_ = false;  // the store refused a batch: find out which settlement it is
  int failures_in_row_ = 0;
  Duration retry_at_{};    // steady; no call to the store before
  Duration poll_at_{};     // steady; the next claim without a hint
  Duration promote_at_{};  // steady
  Duration renew_at_{};
  Duration watch_at_{};
  Duration cancels_at_{};
  Duration first_done_at_{};  // steady; zero while nothing is pending
  Duration rate_since_{};
  std::int64_t rate_count_ = 0;
  double per_second_ = 0;
  std::int64_t settled_ = 0;
};

}  // namespace esteira
