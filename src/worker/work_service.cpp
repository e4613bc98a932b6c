#include "worker/work_service.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/utf8.hpp"
#include "domain/expiry.hpp"
#include "domain/limits.hpp"
#include "domain/settle.hpp"
#include "domain/unreadable.hpp"
#include "worker/settled_event.hpp"

namespace esteira {
namespace {

// How often a call that is in doubt is offered to the store before its caller is told.
constexpr int tries_max = 3;
// A claim that met only payloads that their types refuse, and expired tasks, looks again so often.
constexpr int claim_rounds_max = 10;
constexpr std::size_t doubts_max = 10'000;
constexpr std::size_t settlements_max = 1000;  // in one transaction

std::unexpected<Error> no_such_worker(const std::string& worker_id) {
  return fail(ErrorCode::not_found,
              fmt::format("no worker '{}' is registered: register first",
                          clean_text(worker_id, limits::worker_name_bytes_max)));
}

Duration timeout_of(const Claim& claim, const WorkTypes& types) {
  if (claim.timeout) return *claim.timeout;
  const auto* type = types.find(claim.type_id);
  return type != nullptr ? type->type.timeout : limits::timeout_default;
}

Time deadline_of(const Claim& claim, const WorkTypes& types) {
  return claim.started_at + timeout_of(claim, types);
}

// The task as its worker sees it.
Task task_of(const Claim& claim, const WorkType& type, const std::string& worker, Json payload) {
  Task task;
  task.task_id = claim.fence.task_id;
  task.type = type.type.name;
  task.status = TaskStatus::processing;
  task.priority = claim.priority;
  task.retries = claim.retries;
  task.max_retries = claim.max_retries;
  task.attempt = claim.fence.attempt;
  task.payload = std::move(payload);
  task.scheduled_for = claim.scheduled_for;
  task.started_at = claim.started_at;
  task.created_at = claim.created_at;
  task.updated_at = claim.started_at;
  task.crashes = claim.crashes;
  task.tags = claim.tags;
  task.unique_key = claim.unique_key;
  task.worker = worker;
  task.traceparent = claim.traceparent;
  show_terms(claim.terms, task);
  return task;
}

// The payload may have come from SQL, past the door: it is checked again.
Expected<Json> checked_payload(const Claim& claim, const WorkType& type) {
  auto payload = ESTEIRA_TRY(parse_json(claim.payload, {.bytes_max = limits::payload_bytes_max * 2,
                                                        .depth_max = limits::json_depth_max}));
  if (type.schema) ESTEIRA_TRY(type.schema->check(payload));
  return payload;
}

// What did not end well by its deadline has timed out, whatever its worker calls it: given back
// again and again, it would run for ever.
Outcome outcome_of_failure(std::string message, const Retry& retry, bool late, Duration timeout) {
  if (!late) return outcome::Failed{.message = std::move(message), .retry = retry};
  return outcome::TimedOut{
      .message = fmt::format("timed out after {}: {}", format_duration(timeout), message),
      .retry = retry};
}

Outcome outcome_of_release(bool late, Duration timeout) {
  if (!late) return outcome::Interrupted{};
  return outcome_of_failure("its worker gave it back", RetryByPolicy{}, late, timeout);
}

Outcome outcome_of(const Report& report, bool late, Duration timeout) {
  switch (report.outcome) {
    case ReportOutcome::completed:
      if (report.result.size() > limits::result_bytes_max) {
        return outcome::Failed{
            .message = fmt::format("the result of {} bytes is over the limit of {}",
                                   report.result.size(), limits::result_bytes_max),
            .retry = RetryNever{}};
      }
      return outcome::Completed{.result = report.result};
    case ReportOutcome::failed:
      return outcome_of_failure(
          report.error_message.empty() ? "the worker gave no reason" : report.error_message,
          report.retry, late, timeout);
    case ReportOutcome::snoozed:
      return outcome::Snoozed{.delay = report.delay};
    case ReportOutcome::released:
      return outcome_of_release(late, timeout);
  }
  return outcome::Interrupted{};
}

void add_notes(const HeartbeatTask& task, const Claim& claim, Time now, std::vector<Note>& notes) {
  if (task.progress) {
    notes.emplace_back(ProgressNote{
        .fence = task.fence, .fraction = std::clamp(*task.progress, 0.0, 1.0), .text = ""});
  }
  for (const auto& line : task.log) {
    // What is over the limit is dropped: a refusal would cost the worker its leases.
    if (line.line < 1 || line.line > static_cast<int>(limits::log_lines_max)) continue;
    notes.emplace_back(LogNote{.fence = task.fence,
                               .line = line.line,
                               .at = line.at.value_or(now),
                               .level = line.level,
                               .text = clean_text(line.text, limits::log_line_bytes_max)});
  }
  if (task.checkpoint) {
    notes.emplace_back(CheckpointNote{
        .fence = task.fence, .state = *task.checkpoint, .encrypted = claim.terms.encrypted});
  }
}

// Renewals by lease, and where each task of the call stands in them.
class RenewalBook {
 public:
  void add(const Fence& fence, std::size_t place) {
    auto& [renewal, places] = by_lease_[fence.lease_id];
    renewal.lease_id = fence.lease_id;
    renewal.held.push_back({.task_id = fence.task_id, .attempt = fence.attempt});
    places.push_back(place);
  }
  [[nodiscard]] std::vector<Renewal> renewals() const {
    std::vector<Renewal> all;
    all.reserve(by_lease_.size());
    for (const auto& [lease_id, entry] : by_lease_) all.push_back(entry.renewal);
    return all;
  }
  template <class Take>
  void read(const std::vector<RenewalAnswer>& answers, const Take& take) const {
    std::size_t i = 0;
    for (const auto& [lease_id, entry] : by_lease_) {
      const auto& answer = answers.at(i++);
      for (std::size_t k = 0; k < entry.places.size(); ++k) {
        take(entry.places[k], answer.held.at(k), answer.lease_expires_at);
      }
    }
  }

 private:
  struct Entry {
    Renewal renewal;
    std::vector<std::size_t> places;
  };
  std::map<LeaseId, Entry> by_lease_;
};

}  // namespace

WorkService::WorkService(std::shared_ptr<TaskRepository> repository,
                         std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random,
                         WorkOptions options, std::shared_ptr<EventSink> events)
    : repository_(std::move(repository)),
      clock_(std::move(clock)),
      random_(std::move(random)),
      options_(options),
      events_(std::move(events)),
      types_(*repository_, *clock_) {}

// --- the worker itself --------------------------------------------------------------------------

Expected<RegisteredWorker> WorkService::register_worker(const WorkerRegistration& worker) {
  const auto now = clock_->now();
  WorkerRecord record{.name = fmt::format("{}-{:016x}", worker.name, random_->next()),
                      .host = clean_text(worker.host, limits::worker_text_bytes_max),
                      .pid = worker.pid,
                      .version = clean_text(worker.version, limits::worker_text_bytes_max),
                      .slots = worker.slots,
                      .started_at = now,
                      .heartbeat_at = now};
  for (const auto& type : worker.types) {
    ESTEIRA_TRY(check_type_name(type));
    record.types.emplace_back(canonical_type_name(type));
  }
  auto stored = repository_->put_worker(record);
  // The same record again is the same record.
  for (int i = 1; i < tries_max && !stored && stored.error().code == ErrorCode::in_doubt; ++i) {
    stored = repository_->put_worker(record);
  }
  ESTEIRA_TRY(stored);
  return RegisteredWorker{.worker_id = std::move(record.name),
                          .heartbeat = options_.lease / 3,
                          .lease = options_.lease};
}

Expected<int> WorkService::sign_off(const std::string& worker_id) {
  const bool known = ESTEIRA_TRY(repository_->worker(worker_id)).has_value();
  // First, so that no claim of its own comes after.
  ESTEIRA_TRY(repository_->remove_worker(worker_id));
  auto claims = ESTEIRA_TRY(repository_->claims_of(worker_id));
  if (!known && claims.empty()) return no_such_worker(worker_id);
  const auto types = ESTEIRA_TRY(types_.get());
  const auto now = clock_->now();
  std::vector<Ending> endings;
  endings.reserve(claims.size());
  for (auto& claim : claims) {
    const bool late = now >= deadline_of(claim, *types);
    auto outcome = outcome_of_release(late, timeout_of(claim, *types));
    endings.push_back({.claim = std::move(claim), .outcome = std::move(outcome)});
  }
  const auto statuses = ESTEIRA_TRY(end_all(worker_id, endings, *types));
  static_cast<void>(take_doubt(worker_id));
  if (!endings.empty()) repository_->hint();
  return static_cast<int>(std::ranges::count_if(
      statuses, [](FinishStatus status) { return status != FinishStatus::stale; }));
}

// --- claim --------------------------------------------------------------------------------------

Expected<HandedTasks> WorkService::claim(const ClaimCall& call) {
  const auto record = ESTEIRA_TRY(repository_->worker(call.worker_id));
  if (!record) return no_such_worker(call.worker_id);
  HandedTasks handed;
  if (record->command != WorkerCommand::run) return handed;
  Types types;
  const auto ids = ESTEIRA_TRY(type_ids(call.types.empty() ? record->types : call.types, types));
  if (ids.empty()) return handed;
  std::vector<TypeId> gated;
  std::ranges::copy_if(ids, std::back_inserter(gated),
                       [&](TypeId id) { return types->find(id)->type.gated; });
  for (int round = 0; round < claim_rounds_max && handed.tasks.empty(); ++round) {
    auto answer = ESTEIRA_TRY(
        claim_tick(call.worker_id, {.lease_id = {random_->bytes16()},
                                    .types = ids,
                                    .limit = std::clamp(call.limit, 1, limits::claim_tasks_max),
                                    .gated = gated,
                                    .lease = options_.lease,
                                    .ageing = options_.ageing}));
    handed.next_due_at = answer.next_due_at;
    std::vector<Ending> refused;
    for (auto& claim : answer.claims) {
      if (auto task = hand(claim, call.worker_id, *types, refused)) {
        handed.tasks.push_back(*std::move(task));
      }
    }
    if (refused.empty()) break;
    // Where the store does not take this now, the lease will end and the task be met again.
    const auto ended = end_all(call.worker_id, refused, *types);
    if (!ended) break;
  }
  return handed;
}

// The claimable types of these names; those that do not exist are left out.
Expected<std::vector<TypeId>> WorkService::type_ids(const std::vector<std::string>& names,
                                                    Types& types) {
  types = ESTEIRA_TRY(types_.get());
  const auto unknown = [&](const std::string& name) {
    return types->find(canonical_type_name(name)) == nullptr;
  };
  if (std::ranges::any_of(names, unknown)) types = ESTEIRA_TRY(types_.get(/*fresh=*/true));
  std::vector<TypeId> ids;
  for (const auto& name : names) {
    if (const auto* type = types->find(canonical_type_name(name))) {
      ids.push_back(type->type.type_id);
    }
  }
  std::ranges::sort(ids);
  const auto repeated = std::ranges::unique(ids);
  ids.erase(repeated.begin(), repeated.end());
  return ids;
}

// A claim whose answer is lost is asked for again under its lease; one that stays in doubt is left
// to the worker's next.
Expected<TickAnswer> WorkService::claim_tick(const std::string& worker, ClaimRequest request) {
  if (const auto doubt = take_doubt(worker)) {
    request.lease_id = *doubt;
    request.again = true;
  }
  for (int i = 0;; ++i) {
    auto answer = repository_->tick(
        {.worker = worker, .promote_limit = limits::promote_tasks_max, .claim = request},
        clock_->now());
    if (answer) return answer;
    if (answer.error().code == ErrorCode::in_doubt) request.again = true;
    if (answer.error().code == ErrorCode::in_doubt && i + 1 < tries_max) continue;
    if (request.again) keep_doubt(worker, request.lease_id);
    return answer;
  }
}

std::optional<LeaseId> WorkService::take_doubt(const std::string& worker) {
  const MutexLock lock(mutex_);
  const auto found = doubts_.find(worker);
  if (found == doubts_.end()) return std::nullopt;
  const auto lease_id = found->second;
  doubts_.erase(found);
  return lease_id;
}

void WorkService::keep_doubt(const std::string& worker, const LeaseId& lease_id) {
  const MutexLock lock(mutex_);
  if (doubts_.size() < doubts_max) doubts_[worker] = lease_id;
}

std::optional<HandedTask> WorkService::hand(Claim& claim, const std::string& worker,
                                            const WorkTypes& types, std::vector<Ending>& refused) {
  const auto* type = types.find(claim.type_id);
  // A claim in doubt may have been made for other types, by another reading of them: it ends by its
  // lease.
  if (type == nullptr) return std::nullopt;
  if (has_expired(claim.terms, clock_->now())) {
    refused.push_back({.claim = std::move(claim), .outcome = expired_unstarted()});
    return std::nullopt;
  }
  if (claim.unreadable) {
    auto outcome = unreadable_outcome(*claim.unreadable);
    refused.push_back({.claim = std::move(claim), .outcome = std::move(outcome)});
    return std::nullopt;
  }
  auto payload = checked_payload(claim, *type);
  if (!payload) {
    refused.push_back(
        {.claim = std::move(claim),
         .outcome = outcome::Failed{.message = "payload refused: " + payload.error().message,
                                    .retry = RetryNever{}}});
    return std::nullopt;
  }
  HandedTask handed{.task = task_of(claim, *type, worker, *std::move(payload)),
                    .fence = claim.fence,
                    .lease_expires_at = claim.lease_expires_at,
                    .deadline_at = deadline_of(claim, types)};
  if (claim.checkpoint) {
    if (auto state =
            parse_json(*claim.checkpoint, {.bytes_max = limits::checkpoint_bytes_max * 2})) {
      handed.checkpoint = *std::move(state);
    }
  }
  return handed;
}

// --- heartbeat ----------------------------------------------------------------------------------

Expected<HeartbeatAnswer> WorkService::heartbeat(const HeartbeatCall& call) {
  const auto command = ESTEIRA_TRY(repository_->touch_worker(call.worker_id, clock_->now()));
  if (!command) return no_such_worker(call.worker_id);
  HeartbeatAnswer answer{.command = *command};
  if (call.tasks.empty()) return answer;
  std::vector<Fence> fences;
  for (const auto& task : call.tasks) fences.push_back(task.fence);
  Types types;
  const auto claims = ESTEIRA_TRY(read_claims(fences, types));
  const auto now = clock_->now();
  RenewalBook book;
  std::vector<Note> notes;
  for (std::size_t i = 0; i < call.tasks.size(); ++i) {
    auto& beat = answer.tasks.emplace_back(
        BeatAnswer{.task_id = fences[i].task_id, .status = BeatStatus::lost});
    if (!claims[i]) continue;
    add_notes(call.tasks[i], *claims[i], now, notes);
    const auto deadline = deadline_of(*claims[i], *types);
    if (now >= deadline) {
      beat.status = BeatStatus::cancel;
      beat.lease_expires_at = claims[i]->lease_expires_at;
    }
    if (now < deadline + options_.deadline_grace) book.add(fences[i], i);
  }
  const auto renewals = book.renewals();
  bool repeated = false;
  const auto told = ESTEIRA_TRY(tick(
      {.worker = call.worker_id, .notes = notes, .renewals = renewals, .lease = options_.lease},
      repeated));
  book.read(told.renewals, [&](std::size_t place, HeldStatus status, Time expires_at) {
    auto& beat = answer.tasks[place];
    if (status == HeldStatus::lost) {
      beat = {.task_id = beat.task_id, .status = BeatStatus::lost};
      return;
    }
    if (status == HeldStatus::cancel || beat.status == BeatStatus::cancel) {
      beat.status = BeatStatus::cancel;
    } else {
      beat.status = BeatStatus::ok;
    }
    beat.lease_expires_at = expires_at;
  });
  return answer;
}

// The claims' terms, and types that know them all.
Expected<std::vector<std::optional<Claim>>> WorkService::read_claims(
    const std::vector<Fence>& fences, Types& types) {
  auto claims = ESTEIRA_TRY(repository_->open_claims(fences));
  types = ESTEIRA_TRY(types_.get());
  const bool unknown = std::ranges::any_of(claims, [&](const std::optional<Claim>& claim) {
    return claim && types->find(claim->type_id) == nullptr;
  });
  if (unknown) types = ESTEIRA_TRY(types_.get(/*fresh=*/true));
  return claims;
}

// Repeats what is in doubt, which is safe for all but claims.
Expected<TickAnswer> WorkService::tick(const TickRequest& request, bool& repeated) {
  auto answer = repository_->tick(request, clock_->now());
  for (int i = 1; i < tries_max && !answer && answer.error().code == ErrorCode::in_doubt; ++i) {
    repeated = true;
    answer = repository_->tick(request, clock_->now());
  }
  return answer;
}

// --- report -------------------------------------------------------------------------------------

Expected<ReportAnswer> WorkService::report(const ReportCall& call) {
  ReportAnswer answer;
  if (call.reports.empty()) return answer;
  std::vector<Fence> fences;
  for (const auto& report : call.reports) fences.push_back(report.fence);
  Types types;
  auto claims = ESTEIRA_TRY(read_claims(fences, types));
  const auto now = clock_->now();
  std::vector<Ending> endings;
  endings.reserve(fences.size());
  for (std::size_t i = 0; i < fences.size(); ++i) {
    // What is no longer open is offered too, for the store to say which it is: reported before, or
    // stale. A fence that is not live never becomes so, and nothing is written under it.
    auto claim =
        std::move(claims[i]).value_or(Claim{.fence = fences[i], .run_at = now, .started_at = now});
    const bool late = now >= deadline_of(claim, *types);
    auto outcome = outcome_of(call.reports[i], late, timeout_of(claim, *types));
    endings.push_back({.claim = std::move(claim), .outcome = std::move(outcome)});
  }
  const auto statuses = ESTEIRA_TRY(end_all(call.worker_id, endings, *types));
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    const auto status = statuses[i] == FinishStatus::applied ? ReportStatus::applied
                        : statuses[i] == FinishStatus::already_applied
                            ? ReportStatus::already_applied
                            : ReportStatus::stale;
    answer.reports.push_back({.task_id = fences[i].task_id, .status = status});
  }
  return answer;
}

// Settles and offers until the store has said of each what became of it.
Expected<std::vector<FinishStatus>> WorkService::end_all(const std::string& worker,
                                                         std::vector<Ending>& endings,
                                                         const WorkTypes& types) {
  std::vector<FinishStatus> statuses(endings.size(), FinishStatus::stale);
  std::vector<std::size_t> open(endings.size());
  for (std::size_t i = 0; i < open.size(); ++i) open[i] = i;
  while (!open.empty()) {
    const auto offered = std::span(open).first(std::min(open.size(), settlements_max));
    std::vector<Settlement> settlements;
    for (const auto place : offered) {
      const auto& [claim, outcome] = endings[place];
      const auto* type = types.find(claim.type_id);
      const RetryPolicy policy{type != nullptr ? type->type.back_off : BackOff{},
                               options_.max_crashes};
      settlements.push_back(settle(claim, outcome, policy, clock_->now(), random_->fraction()));
    }
    bool repeated = false;
    const auto answer = ESTEIRA_TRY(tick({.worker = worker, .settlements = settlements}, repeated));
    std::vector<std::size_t> again;
    for (std::size_t k = 0; k < offered.size(); ++k) {
      const auto place = offered[k];
      statuses[place] = answer.settlements[k];
      if (answer.settlements[k] == FinishStatus::cancel_requested) {
        endings[place].claim.cancel_requested = true;
        again.push_back(place);
        continue;
      }
      const bool ended = answer.settlements[k] == FinishStatus::applied ||
                         (repeated && answer.settlements[k] == FinishStatus::already_applied);
      const auto* type = types.find(endings[place].claim.type_id);
      if (!ended || events_ == nullptr || type == nullptr) continue;
      events_->emit(settled_event(settlements[k], type->type.name, worker));
    }
    open.erase(open.begin(), open.begin() + static_cast<std::ptrdiff_t>(offered.size()));
    open.insert(open.end(), again.begin(), again.end());
  }
  return statuses;
}

}  // namespace esteira
