#include "worker/maintenance.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "domain/limits.hpp"
#include "telemetry/log.hpp"

namespace esteira {
namespace {

// How many bounded transactions one round of the retention makes before others get their turn.
constexpr int prune_batches_max = 50;
constexpr int range_steps_max = 10;
// How many batches of tasks that waited too long.
constexpr int expiry_batches_max = 10;
// And of those that wait for others which have ended.
constexpr int dependency_batches_max = 20;
// And how many of the operations: few, so that a stop is not kept waiting.
constexpr int operation_batches_max = 10;

}  // namespace

Maintenance::Maintenance(MaintenanceOptions options, TaskRepository& repository, const Clock& clock,
                         Random& random, EventSink* events)
    : options_(std::move(options)),
      repository_(repository),
      clock_(clock),
      random_(random),
      events_(events),
      schedules_(repository, clock) {}

Expected<Maintenance::Progress> Maintenance::step() {
  Progress progress;
  // First, because these alone are waited for at a certain moment.
  const auto fired = schedules_.step();
  progress.fired = fired.created;
  next_schedule_ = fired.next_look;
  ESTEIRA_TRY(tidy(progress));
  if (fired.error) return std::unexpected(*fired.error);
  return progress;
}

Expected<void> Maintenance::tidy(Progress& progress) {
  progress.expired = ESTEIRA_TRY(settle_pending());
  // Pages until none is left: leases that can't be settled never hide the others.
  while (ESTEIRA_TRY(take_expired()) > 0) progress.expired += ESTEIRA_TRY(settle_pending());
  progress.expiries_wait = ESTEIRA_TRY(expire_waiting());
  progress.dependencies_wait = ESTEIRA_TRY(work_dependencies());
  if (clock_.steady() >= prune_at_) ESTEIRA_TRY(prune(progress));
  ESTEIRA_TRY(repository_.maintain(clock_.now()));
  progress.operations_wait = ESTEIRA_TRY(work_operations());
  return {};
}

Expected<bool> Maintenance::work_operations() {
  for (int i = 0; i < operation_batches_max; ++i) {
    const auto worked = ESTEIRA_TRY(repository_.work_operation(std::nullopt, clock_.now()));
    if (!worked) return false;
    // What was retried may be claimed, and what was asked to stop shall learn of it.
    repository_.hint();
  }
  return true;
}

Expected<bool> Maintenance::expire_waiting() {
  for (int i = 0; i < expiry_batches_max; ++i) {
    const auto looked_at =
        ESTEIRA_TRY(repository_.expire_waiting(limits::expiries_max, clock_.now()));
    if (looked_at < limits::expiries_max) return false;
  }
  return true;
}

Expected<bool> Maintenance::work_dependencies() {
  for (int i = 0; i < dependency_batches_max; ++i) {
    if (!ESTEIRA_TRY(repository_.work_dependencies(clock_.now()))) return false;
    // Some may have become ready.
    repository_.hint();
  }
  return true;
}

Expected<int> Maintenance::take_expired() {
  const auto lease_id = doubtful_lease_.value_or(LeaseId{random_.bytes16()});
  auto taken = repository_.take_expired(options_.worker, lease_id, options_.lease,
                                        limits::expired_leases_max, clock_.now());
  if (!taken) {
    if (taken.error().code == ErrorCode::in_doubt) doubtful_lease_ = lease_id;
    return std::unexpected(std::move(taken).error());
  }
  doubtful_lease_.reset();
  for (auto& one : *taken) {
    pending_.push_back({std::move(one.claim), std::move(one.previous_worker)});
  }
  return static_cast<int>(taken->size());
}

Settlement Maintenance::decide(const Pending& pending) {
  RetryPolicy policy;
  policy.max_crashes = options_.max_crashes;
  return settle(pending.claim, outcome::Expired{pending.previous_worker}, policy, clock_.now(),
                random_.fraction());
}

Expected<int> Maintenance::settle_pending() {
  int settled = 0;
  while (!pending_.empty()) {
    std::vector<Settlement> settlements;
    settlements.reserve(pending_.size());
    for (const auto& one : pending_) settlements.push_back(decide(one));
    const auto answer = ESTEIRA_TRY(
        repository_.tick({.worker = options_.worker, .settlements = settlements}, clock_.now()));
    std::vector<Pending> again;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      switch (answer.settlements[i]) {
        case FinishStatus::applied:
        case FinishStatus::already_applied:
          ++settled;
          emit(settlements[i], pending_[i]);
          break;
        case FinishStatus::stale:
          break;  // another process took it over from us
        case FinishStatus::cancel_requested:
          pending_[i].claim.cancel_requested = true;
          again.push_back(std::move(pending_[i]));
          break;
      }
    }
    pending_ = std::move(again);
  }
  return settled;
}

Expected<bool> Maintenance::drop_ranges(Progress& progress) {
  const PruneRequest request{.archive = options_.archive.get()};
  for (int i = 0; i < range_steps_max; ++i) {
    const auto step = ESTEIRA_TRY(repository_.drop_range(request, clock_.now()));
    progress.dropped += step.tasks;
    if (!step.more) return false;
  }
  return true;
}

Expected<bool> Maintenance::delete_batches(Progress& progress) {
  const PruneRequest request{
      .limit = options_.archive ? limits::export_tasks_max : limits::prune_tasks_max,
      .archive = options_.archive.get(),
      .spares_ranges = true};
  for (int i = 0; i < prune_batches_max; ++i) {
    const auto count = ESTEIRA_TRY(repository_.prune(request, clock_.now()));
    progress.pruned += count;
    if (count < request.limit) return false;
  }
  return true;
}

// Ranges last: those that the batches have emptied go in the same round.
Expected<bool> Maintenance::prune_some(Progress& progress) {
  const bool deletes = ESTEIRA_TRY(delete_batches(progress));
  const bool drops = ESTEIRA_TRY(drop_ranges(progress));
  return deletes || drops;
}

Expected<void> Maintenance::prune(Progress& progress) {
  const auto more = prune_some(progress);
  if (more && *more) return {};
  prune_at_ = clock_.steady() + options_.prune_interval;
  if (more && options_.archive) {
    prune_at_ = clock_.steady() + std::max(options_.prune_interval, limits::export_interval);
  }
  if (more) return {};
  if (!options_.archive) {
    prune_at_ = {};
    return std::unexpected(more.error());
  }
  // A disk that is full must not keep the rest of the house from being tidied.
  log(LogLevel::error,
      "the retention could not export, and deletes nothing: " + more.error().message);
  return {};
}

void Maintenance::emit(const Settlement& settlement, const Pending& pending) {
  if (events_ == nullptr) return;
  if (!type_names_.contains(settlement.type_id)) {
    if (const auto types = repository_.types()) {
      for (const auto& type : *types) type_names_[type.type_id] = type.name;
    }
  }
  Event event{.kind = EventKind::expired,
              .at = settlement.completed_at,
              .task_id = settlement.fence.task_id,
              .attempt = settlement.fence.attempt,
              .type = type_names_[settlement.type_id],
              .worker = pending.previous_worker,
              .ran = settlement.completed_at - settlement.started_at};
  if (settlement.error_message) event.message = *settlement.error_message;
  if (const auto* again = std::get_if<Again>(&settlement.next)) event.next_at = again->run_at;
  events_->emit(event);
}

}  // namespace esteira
