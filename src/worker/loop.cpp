#include "worker/loop.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "domain/expiry.hpp"
#include "domain/unreadable.hpp"
#include "worker/settled_event.hpp"

namespace esteira {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration watch_interval = milliseconds{50};
constexpr Duration cancels_interval = seconds{1};
constexpr Duration promote_interval = milliseconds{100};
constexpr Duration rate_interval = milliseconds{200};
constexpr Duration rate_interval_min = milliseconds{10};
constexpr int rate_count_min = 50;
constexpr Duration retry_delay_min = milliseconds{50};
constexpr Duration retry_delay_max = seconds{1};
// How much of a tick's results one transaction carries.
constexpr std::size_t tick_settlements_max = 2000;

}  // namespace

WorkerLoop::WorkerLoop(LoopOptions options, TaskRepository& repository, Runner& runner,
                       const Clock& clock, Random& random, EventSink* events)
    : options_(std::move(options)),
      repository_(repository),
      runner_(runner),
      clock_(clock),
      random_(random),
      events_(events) {
  const auto steady = clock_.steady();
  renew_at_ = steady + options_.lease / 3;
  rate_since_ = steady;
}

void WorkerLoop::set_types(std::vector<std::shared_ptr<const TypePolicy>> types) {
  types_.clear();
  batch_max_ = 1;
  for (auto& policy : types) {
    batch_max_ = std::max(batch_max_, policy->processor->batch_size());
    const auto type_id = policy->type.type_id;
    types_.emplace(type_id, std::move(policy));
  }
}

WorkerLoop::Progress WorkerLoop::step() {
  take_done();
  const auto steady = clock_.steady();
  if (steady >= watch_at_) watch_deadlines(steady);
  if (store_error_ && steady < retry_at_) return {.sleep = sleep_for(steady)};
  start_suspect(steady);
  look_for_cancels(steady);
  auto renewals = due_renewals(steady);
  auto claim = next_claim(steady);
  if (!worth_a_tick(claim, renewals, steady)) return {.sleep = sleep_for(steady)};
  auto progress = tick(std::move(claim), std::move(renewals), steady);
  progress.sleep = sleep_for(clock_.steady());
  return progress;
}

// --- what runners have done -----------------------------------------------------------------

void WorkerLoop::take_done() {
  for (auto& done : runner_.take_done()) {
    // An attempt that was given up has been settled already.
    if (done.attempt->given_up) {
      attempts_.erase({done.attempt->claim.fence.task_id, done.attempt->claim.fence.attempt});
      continue;
    }
    add_pending(std::move(done.attempt), std::move(done.outcome));
  }
  for (auto& note : runner_.take_notes()) keep_note(std::move(note));
  if (pending_.empty()) {
    first_done_at_ = Duration{0};
  } else if (first_done_at_ == Duration{0}) {
    first_done_at_ = clock_.steady();
  }
}

// Of an attempt's progress only the last word is kept, however long the store is away.
void WorkerLoop::keep_note(PendingNote note) {
  if (const auto* progress = std::get_if<ProgressNote>(&note.note)) {
    const Key key{progress->fence.task_id, progress->fence.attempt};
    const auto [place, added] = progress_.try_emplace(key, notes_.size());
    if (!added) {
      note_values_[place->second] = note.note;
      notes_[place->second] = std::move(note);
      return;
    }
  }
  note_values_.push_back(note.note);
  notes_.push_back(std::move(note));
}

void WorkerLoop::add_pending(AttemptPtr attempt, Outcome outcome) {
  pending_.push_back({std::move(attempt), std::move(outcome)});
  settle_pending(pending_.size() - 1);
}

// Decides what an outcome means and puts it where the next tick finds it.
void WorkerLoop::settle_pending(std::size_t place) {
  const auto& [attempt, outcome] = pending_[place];
  if (const auto started = attempt->started_at_us.load(); started != 0) {
    attempt->claim.started_at = Time{Duration{started}};
  }
  const RetryPolicy policy{attempt->policy->type.back_off, options_.max_crashes};
  auto settlement = settle(attempt->claim, outcome, policy, clock_.now(), random_.fraction());
  if (place == settlements_.size()) {
    settlements_.push_back(std::move(settlement));
  } else {
    settlements_[place] = std::move(settlement);
  }
}

// --- time limits ------------------------------------------------------------------------------

// Leaves room before the lease's end for the processor to come back and its outcome to be written.
Duration WorkerLoop::stop_margin() const {
  return std::min<Duration>(options_.lease / 5, options_.stop_grace);
}

void WorkerLoop::watch_deadlines(Duration steady) {
  watch_at_ = steady + watch_interval;
  std::vector<AttemptPtr> ignoring;
  for (const auto& [key, attempt] : attempts_) {
    if (attempt->given_up) continue;
    if (steady.count() >= attempt->stop_at_us.load() && attempt->started() &&
        attempt->stop_reason.load() == StopReason::none) {
      attempt->request_stop(StopReason::lost);
      emit(EventKind::lease_lost, attempt.get(), "the lease could not be renewed");
    }
    if (!attempt->started()) continue;
    const Duration ends = Duration{attempt->started_steady_us.load()} + attempt->timeout();
    if (steady < ends) continue;
    attempt->request_stop(StopReason::timed_out);
    // Whatever it was asked to stop for: one that ignores it must not be renewed for ever.
    if (steady >= ends + options_.stop_grace) ignoring.push_back(attempt);
  }
  for (const auto& attempt : ignoring) give_up(attempt);
}

// Settles an attempt whose processor ignores its stop. Its thread stays lost until it comes back;
// what it then says is dropped here.
void WorkerLoop::give_up(const AttemptPtr& attempt) {
  // Its outcome may be on its way already.
  if (std::ranges::any_of(pending_, [&](const Pending& one) { return one.attempt == attempt; }))
    return;
  attempt->given_up = true;
  emit(EventKind::stuck, attempt.get(), "the processor ignores its stop");
  add_pending(attempt,
              outcome::TimedOut{.message = fmt::format("timed out after {} and ignored the stop",
                                                       format_duration(attempt->timeout())),
                                .ignored_stop = true});
}

void WorkerLoop::look_for_cancels(Duration steady) {
  if (attempts_.empty() || steady < cancels_at_) return;
  cancels_at_ = steady + cancels_interval;
  const auto cancels = repository_.cancel_requests();
  if (!cancels) return;  // the tick will meet the same trouble and handle it
  for (const auto& [task_id, number] : *cancels) {
    const auto found = attempts_.find({task_id, number});
    if (found == attempts_.end()) continue;
    found->second->claim.cancel_requested = true;
    found->second->request_stop(StopReason::cancelled);
  }
}

// --- what the database must hear ----------------------------------------------------------------

// What was prefetched and could not begin for a third of a lease belongs to others: the slots are
// held by slower work than was measured, or by processors that ignore their stop.
void WorkerLoop::hand_back_late(Duration steady) {
  auto queued = runner_.withdraw();
  const auto late = std::ranges::stable_partition(queued, [&](const AttemptPtr& attempt) {
    return steady - attempt->claimed_at < options_.lease / 3;
  });
  for (auto& attempt : late) add_pending(std::move(attempt), outcome::Interrupted{});
  queued.erase(late.begin(), late.end());
  if (!queued.empty()) runner_.start(std::move(queued));
}

std::vector<Renewal> WorkerLoop::due_renewals(Duration steady) {
  if (steady < renew_at_) return {};
  hand_back_late(steady);
  renew_at_ = steady + options_.lease / 3;
  std::map<LeaseId, Renewal> by_lease;
  for (const auto& [key, attempt] : attempts_) {
    if (attempt->given_up) continue;
    auto& renewal = by_lease[attempt->claim.fence.lease_id];
    renewal.lease_id = attempt->claim.fence.lease_id;
    renewal.held.push_back({key.task_id, key.attempt});
  }
  std::vector<Renewal> renewals;
  renewals.reserve(by_lease.size());
  for (auto& [lease_id, renewal] : by_lease) renewals.push_back(std::move(renewal));
  return renewals;
}

// What free slots can take, and as much beyond it as the measured rate starts within a second.
int WorkerLoop::claim_limit() {
  const auto load = runner_.load();
  const int ahead = std::min(static_cast<int>(per_second_), options_.prefetch_max);
  const int wanted = (load.slots - load.busy) * batch_max_ + ahead - load.queued;
  // Whole batches are cheaper: a small gap in what is prefetched waits until it is worth a claim.
  if (wanted <= 0 || wanted < ahead / 4) return 0;
  return std::min(wanted, limits::claim_tasks_max);
}

std::optional<ClaimRequest> WorkerLoop::next_claim(Duration steady) {
  if (doubtful_claim_) return doubtful_claim_;  // also while stopping: what it holds must go back
  if (stopping_ || quiet_ || types_.empty() || suspect_) return std::nullopt;
  const bool hungry = !claimed_short_ || woken_ || steady >= poll_at_;
  if (!hungry) return std::nullopt;
  int limit = claim_limit();
  if (limit <= 0) return std::nullopt;
  if (isolating_) limit = 1;
  ClaimRequest claim{.lease_id = {random_.bytes16()},
                     .limit = limit,
                     .lease = options_.lease,
                     .ageing = options_.ageing,
                     .hinted = woken_};
  for (const auto& [type_id, policy] : types_) {
    claim.types.push_back(type_id);
    if (policy->type.gated) claim.gated.push_back(type_id);
  }
  std::ranges::sort(claim.types);
  std::ranges::sort(claim.gated);
  // No more than can start at once: a slot is not for waiting.
  const auto load = runner_.load();
  if (!claim.gated.empty()) claim.gated_limit = std::max(load.slots - load.busy - load.queued, 0);
  return claim;
}

bool WorkerLoop::worth_a_tick(const std::optional<ClaimRequest>& claim,
                              const std::vector<Renewal>& renewals, Duration steady) {
  if (!renewals.empty() || doubtful_claim_) return true;
  if (stopping_) return !pending_.empty() || !notes_.empty();
  const auto load = runner_.load();
  if (std::ranges::any_of(notes_, [](const PendingNote& note) { return note.waiter != nullptr; })) {
    return true;
  }
  if (!pending_.empty()) {
    return static_cast<int>(pending_.size()) >= options_.tick_results || load.queued == 0 ||
           steady - first_done_at_ >= options_.gather;
  }
  return claim.has_value() || !notes_.empty();
}

WorkerLoop::Progress WorkerLoop::tick(std::optional<ClaimRequest> claim,
                                      std::vector<Renewal> renewals, Duration steady) {
  const auto offered = offer_one_ ? std::min<std::size_t>(1, settlements_.size())
                                  : std::min(settlements_.size(), tick_settlements_max);
  TickRequest request{.worker = options_.worker,
                      .notes = note_values_,
                      .settlements = std::span(settlements_).first(offered),
                      .renewals = renewals,
                      .lease = options_.lease,
                      .promote_limit = 0,
                      .claim = std::move(claim)};
  if (request.claim && steady >= promote_at_) {
    request.promote_limit = limits::promote_tasks_max;
    promote_at_ = steady + promote_interval;
  }
  if (request.claim) woken_ = false;
  auto answer = repository_.tick(request, clock_.now());
  if (!answer) {
    on_store_error(answer.error(), request, steady);
    return {};
  }
  if (std::exchange(store_error_, std::nullopt)) emit(EventKind::store_back, nullptr);
  failures_in_row_ = 0;
  offer_one_ = false;
  // A lease made by an earlier, lost call has run since then.
  const auto claimed_at = std::exchange(doubtful_claim_, std::nullopt) ? claim_sent_at_ : steady;
  on_notes(answer->notes);
  Progress progress;
  progress.settled = on_settlements(answer->settlements);
  on_renewals(renewals, *answer, steady);
  if (request.claim) {
    const int limit = request.claim->limit;
    progress.claimed = on_claims(std::move(answer->claims), claimed_at);
    schedule_poll(*answer, progress.claimed, limit, steady);
  }
  measure_rate(clock_.steady());
  return progress;
}

// --- what the database answered -----------------------------------------------------------------

void WorkerLoop::on_store_error(const Error& error, const TickRequest& request, Duration steady) {
  if (error.code == ErrorCode::in_doubt && request.claim) {
    if (!doubtful_claim_) claim_sent_at_ = steady;
    doubtful_claim_ = request.claim;
    doubtful_claim_->again = true;
  }
  if (request.claim) woken_ = true;  // a hint that it was to follow is not lost with it
  if (!request.renewals.empty()) renew_at_ = steady;  // not heard: renew at the next chance
  if (!is_transient(error.code)) isolate_refused(error, request.settlements.size());
  if (!store_error_) emit(EventKind::store_away, nullptr, error.message);
  store_error_ = error;
  const Duration full = std::min<Duration>(
      retry_delay_max, retry_delay_min * (std::int64_t{1} << std::min(failures_in_row_, 10)));
  ++failures_in_row_;
  // Jittered, so that many workers do not come back in step.
  retry_at_ = clock_.steady() + full / 2 +
              Duration{static_cast<std::int64_t>(static_cast<double>(full.count()) / 2 *
                                                 random_.fraction())};
}

// The store answers but refuses something: one settlement at a time shows which, and that one ends
// as a permanent failure. Notes may be the reason too; they are dropped rather than hold up
// results.
void WorkerLoop::isolate_refused(const Error& error, std::size_t offered) {
  if (!notes_.empty()) {
    on_notes(std::vector<NoteAnswer>(notes_.size()));
    return;
  }
  if (offered == 0) return;
  if (offered > 1 || !offer_one_) {
    offer_one_ = true;
    return;
  }
  auto& [attempt, outcome] = pending_.front();
  const bool completed = std::holds_alternative<outcome::Completed>(outcome);
  if (completed) {
    outcome = outcome::Failed{"the database refused the result: " + error.message, RetryNever{}};
    settle_pending(0);
    return;
  }
  // Even the plain failure is refused: the lease will end by itself.
  emit(EventKind::stale, attempt.get(), error.message);
  attempts_.erase({attempt->claim.fence.task_id, attempt->claim.fence.attempt});
  pending_.erase(pending_.begin());
  settlements_.erase(settlements_.begin());
}

void WorkerLoop::on_notes(const std::vector<NoteAnswer>& answers) {
  ESTEIRA_ASSERT(answers.size() == notes_.size());
  for (std::size_t i = 0; i < notes_.size(); ++i) {
    if (notes_[i].waiter) notes_[i].waiter->answer(answers[i]);
  }
  notes_.clear();
  note_values_.clear();
  progress_.clear();
}

int WorkerLoop::on_settlements(const std::vector<FinishStatus>& statuses) {
  int applied = 0;
  std::vector<Pending> again;
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    auto& pending = pending_[i];
    const auto& fence = pending.attempt->claim.fence;
    switch (statuses[i]) {
      case FinishStatus::applied:
      case FinishStatus::already_applied:
        ++applied;
        if (pending.attempt->started()) ++rate_count_;
        // It gave a slot back, which others of its type may have waited for.
        if (pending.attempt->policy->type.gated) woken_ = true;
        emit_settled(settlements_[i], *pending.attempt);
        break;
      case FinishStatus::stale:
        emit(EventKind::stale, pending.attempt.get(), "its lease had been taken over");
        break;
      case FinishStatus::cancel_requested:
        pending.attempt->claim.cancel_requested = true;
        again.push_back(std::move(pending));
        continue;
    }
    // A given-up attempt stays until its thread comes back.
    if (!pending.attempt->given_up) attempts_.erase({fence.task_id, fence.attempt});
  }
  const auto count = static_cast<std::ptrdiff_t>(statuses.size());
  pending_.erase(pending_.begin(), pending_.begin() + count);
  settlements_.erase(settlements_.begin(), settlements_.begin() + count);
  for (auto& pending : again) {
    add_pending(std::move(pending.attempt), std::move(pending.outcome));
  }
  first_done_at_ = pending_.empty() ? Duration{0} : clock_.steady();
  settled_ += applied;
  return applied;
}

void WorkerLoop::on_renewals(const std::vector<Renewal>& renewals, const TickAnswer& answer,
                             Duration steady) {
  const auto stop_at = (steady + options_.lease - stop_margin()).count();
  for (std::size_t i = 0; i < answer.renewals.size(); ++i) {
    for (std::size_t k = 0; k < renewals[i].held.size(); ++k) {
      const auto& held = renewals[i].held[k];
      const auto found = attempts_.find({held.task_id, held.attempt});
      if (found == attempts_.end()) continue;
      auto& attempt = *found->second;
      switch (answer.renewals[i].held[k]) {
        case HeldStatus::ok:
          attempt.stop_at_us = stop_at;
          break;
        case HeldStatus::cancel:
          attempt.stop_at_us = stop_at;
          attempt.claim.cancel_requested = true;
          attempt.request_stop(StopReason::cancelled);
          break;
        case HeldStatus::lost:
          if (attempt.stop_reason.load() == StopReason::none) {
            emit(EventKind::lease_lost, &attempt, "the lease was taken over");
          }
          attempt.request_stop(StopReason::lost);
          break;
      }
    }
  }
}

int WorkerLoop::on_claims(std::vector<Claim> claims, Duration steady) {
  std::vector<AttemptPtr> attempts;
  attempts.reserve(claims.size());
  for (auto& claim : claims) {
    const auto policy = types_.find(claim.type_id);
    // A type that was taken from this worker between question and answer: its lease will end.
    if (policy == types_.end()) continue;
    const Key key{claim.fence.task_id, claim.fence.attempt};
    if (attempts_.contains(key)) continue;
    auto attempt = std::make_shared<Attempt>(std::move(claim), policy->second, options_.worker);
    // Counted from before the request was sent, so that a slow answer never stretches a lease.
    attempt->stop_at_us = (steady + options_.lease - stop_margin()).count();
    attempt->claimed_at = steady;
    attempts_.emplace(key, attempt);
    attempts.push_back(std::move(attempt));
  }
  if (stopping_) {  // the answer to a claim that was in doubt: all of it goes back
    for (auto& attempt : attempts) add_pending(std::move(attempt), outcome::Interrupted{});
    return 0;
  }
  const auto count = static_cast<int>(attempts.size());
  end_unstarted(attempts);
  set_suspects_apart(attempts);
  if (!attempts.empty()) runner_.start(std::move(attempts));
  return count;
}

// What waited too long is never run, nor what can't be read.
void WorkerLoop::end_unstarted(std::vector<AttemptPtr>& attempts) {
  const auto now = clock_.now();
  std::erase_if(attempts, [&](const AttemptPtr& attempt) {
    const auto& claim = attempt->claim;
    const bool expired = has_expired(claim.terms, now);
    if (expired) {
      add_pending(attempt, expired_unstarted());
    } else if (claim.unreadable) {
      add_pending(attempt, unreadable_outcome(*claim.unreadable));
    }
    return expired || claim.unreadable;
  });
}

// A task that would end as poison with its next crash runs alone, so that it neither takes its
// neighbours with it nor is taken for the one that crashed. With a single crash allowed there is no
// telling them apart.
void WorkerLoop::set_suspects_apart(std::vector<AttemptPtr>& attempts) {
  const auto suspects = std::ranges::stable_partition(attempts, [&](const AttemptPtr& attempt) {
    return options_.max_crashes <= 1 || attempt->claim.crashes < options_.max_crashes - 1;
  });
  isolating_ = !suspects.empty();
  for (auto& attempt : suspects) {
    if (!suspect_) {
      suspect_ = std::move(attempt);
    } else {
      add_pending(std::move(attempt), outcome::Interrupted{});
    }
  }
  attempts.erase(suspects.begin(), suspects.end());
}

// Begins the suspect when nothing else runs here; not waiting for ever, since a neighbour that runs
// for hours, or ignores its stop, must not end this worker's use.
void WorkerLoop::start_suspect(Duration steady) {
  if (!suspect_) return;
  const auto& fence = suspect_->claim.fence;
  if (suspect_handed_over_) {
    const auto found = attempts_.find({fence.task_id, fence.attempt});
    const bool over = found == attempts_.end() || found->second->given_up;
    if (!over) return;
    suspect_.reset();
    suspect_handed_over_ = false;
    return;
  }
  const auto load = runner_.load();
  const bool alone = load.busy == 0 && load.queued == 0;
  if (!alone && steady - suspect_->claimed_at < options_.lease / 3) return;
  suspect_handed_over_ = true;
  runner_.start({suspect_});
}

void WorkerLoop::schedule_poll(const TickAnswer& answer, int claimed, int limit, Duration steady) {
  claimed_short_ = claimed < limit;
  // Spread over [0.5, 1) of the interval, so that idle workers do not poll in step.
  poll_at_ = steady + options_.poll / 2 +
             Duration{static_cast<std::int64_t>(static_cast<double>(options_.poll.count()) / 2 *
                                                random_.fraction())};
  const bool more_due = answer.next_due_at && *answer.next_due_at <= clock_.now();
  if (answer.promoted > 0 && more_due) {
    promote_at_ = steady;
    poll_at_ = steady;
  } else if (answer.next_due_at) {
    const auto wait = std::max<Duration>(*answer.next_due_at - clock_.now(), milliseconds{1});
    poll_at_ = std::min(poll_at_, steady + wait);
    promote_at_ = std::min(promote_at_, steady + wait);
  }
}

// Of what began here: what went back unbegun says nothing about the slots.
void WorkerLoop::measure_rate(Duration steady) {
  const auto elapsed = steady - rate_since_;
  if (elapsed < rate_interval_min) return;
  const double measured =
      static_cast<double>(rate_count_) * 1e6 / static_cast<double>(elapsed.count());
  // A worker that meets a backlog learns soon how fast it is, from enough tasks to be no accident.
  const bool rises = rate_count_ >= rate_count_min && measured > per_second_;
  if (elapsed < rate_interval && !rises) return;
  // Falls at once, rises by half of the difference: too little prefetch costs a round trip, too
  // much keeps tasks from idle workers.
  per_second_ = measured < per_second_ ? measured : (per_second_ + measured) / 2;
  rate_count_ = 0;
  rate_since_ = steady;
}

Duration WorkerLoop::sleep_for(Duration steady) {
  if (store_error_ && steady < retry_at_) return retry_at_ - steady;
  auto until = renew_at_;
  if (!attempts_.empty()) until = std::min({until, watch_at_, cancels_at_});
  if (!pending_.empty()) until = std::min(until, first_done_at_ + options_.gather);
  // Whoever runs the loop looks meanwhile whether it may claim again.
  if (quiet_) until = std::min(until, steady + options_.poll);
  // While results gather, the claim travels with them.
  if (!stopping_ && !quiet_ && !types_.empty() && pending_.empty() && !suspect_) {
    auto claim_at = claimed_short_ && !woken_ ? poll_at_ : steady;
    // Without a free slot there is nothing to hurry for: a runner wakes the loop when it is done.
    if (claim_at <= steady && claim_limit() <= 0) claim_at = steady + watch_interval;
    until = std::min(until, claim_at);
  }
  return std::max(until - steady, Duration{0});
}

// --- stopping
// --------------------------------------------------------------------------------------

void WorkerLoop::begin_stop() {
  stopping_ = true;
  if (suspect_ && !suspect_handed_over_) add_pending(std::move(suspect_), outcome::Interrupted{});
  for (auto& attempt : runner_.withdraw()) {
    add_pending(std::move(attempt), outcome::Interrupted{});
  }
}

void WorkerLoop::interrupt_running() {
  for (const auto& [key, attempt] : attempts_) attempt->request_stop(StopReason::shutdown);
}

void WorkerLoop::abandon_running() {
  take_done();
  for (const auto& [key, attempt] : attempts_) {
    const bool waits =
        std::ranges::any_of(pending_, [&](const Pending& one) { return one.attempt == attempt; });
    if (waits || attempt->given_up) continue;
    attempt->given_up = true;
    emit(EventKind::stuck, attempt.get(), "the processor ignores the end of its worker");
    add_pending(attempt, outcome::Interrupted{});
  }
}

// --- telling
// ------------------------------------------------------------------------------------------

void WorkerLoop::emit_settled(const Settlement& settlement, const Attempt& attempt) {
  if (events_ == nullptr) return;
  events_->emit(settled_event(settlement, attempt.policy->type.name, options_.worker));
}

void WorkerLoop::emit(EventKind kind, const Attempt* attempt, std::string_view message) {
  if (events_ == nullptr) return;
  Event event{.kind = kind, .at = clock_.now(), .worker = options_.worker, .message = message};
  if (attempt != nullptr) {
    event.task_id = attempt->claim.fence.task_id;
    event.attempt = attempt->claim.fence.attempt;
    event.type = attempt->policy->type.name;
  }
  events_->emit(event);
}

}  // namespace esteira
