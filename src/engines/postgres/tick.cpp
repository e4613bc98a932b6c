// One tick: what ended, what lives on and what is next, in one transaction and one round trip.
#include <algorithm>
#include <set>
#include <utility>

#include "base/assert.hpp"
#include "engines/postgres/changes.hpp"
#include "engines/postgres/claim.hpp"
#include "engines/postgres/finish.hpp"
#include "engines/postgres/lease.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

// The statements of a tick's transaction, and which answer is whose.
class Batch {
 public:
  std::size_t add(Statement statement) {
    statements_.push_back(std::move(statement));
    return statements_.size() - 1;
  }
  [[nodiscard]] std::span<const Statement> statements() const { return statements_; }

 private:
  std::vector<Statement> statements_;
};

std::set<LeaseId> leases_of(const TickRequest& request) {
  std::set<LeaseId> leases;
  for (const Note& note : request.notes) {
    leases.insert(std::visit([](const auto& n) { return n.fence.lease_id; }, note));
  }
  for (const Settlement& settlement : request.settlements) {
    leases.insert(settlement.fence.lease_id);
  }
  for (const Renewal& renewal : request.renewals) leases.insert(renewal.lease_id);
  return leases;
}

// The soonest of the times that the settlements let tasks wait for.
std::optional<Time> soonest_again(std::span<const Settlement> settlements, Time now) {
  std::optional<Time> soonest;
  for (const Settlement& settlement : settlements) {
    const auto* again = std::get_if<Again>(&settlement.next);
    if (again == nullptr || again->run_at <= now) continue;
    soonest = std::min(soonest.value_or(again->run_at), again->run_at);
  }
  return soonest;
}

// What the tick shows that it does before its claim: log lines, checkpoints, numbers and renewals
// do not show. What turns out to be stale is among them: a look too many does no harm.
std::vector<TaskId> changed_tasks(const TickRequest& request) {
  std::set<TaskId> ids;
  for (const Note& note : request.notes) {
    const auto* progress = std::get_if<ProgressNote>(&note);
    if (progress != nullptr) ids.insert(progress->fence.task_id);
  }
  for (const Settlement& settlement : request.settlements) ids.insert(settlement.fence.task_id);
  return {ids.begin(), ids.end()};
}

}  // namespace

// A backlog of plain types leaves room for gated ones, and the other way round.
int Repository::gated_share(const ClaimRequest& claim) {
  if (claim.gated.empty() || !gated_wait_) return 0;
  gated_turn_ = !gated_turn_;
  const int half = (claim.limit + (gated_turn_ ? 1 : 0)) / 2;
  return std::clamp(half, 0, std::max(claim.gated_limit.value_or(half), 0));
}

Expected<TickAnswer> Repository::tick(const TickRequest& given, Time now) {
  const RecursiveLock lock{mutex_};
  TickAnswer answer;
  TickRequest request = given;
  if (request.claim) request.claim->limit -= gated_share(*request.claim);
  bool claims = request.claim && request.claim->limit > 0 && !request.claim->types.empty();
  if (claims && request.claim->again) {
    auto held = ESTEIRA_TRY(claim_again(*request.claim));
    claims = !held.has_value();
    if (held) answer.claims = *std::move(held);
  }
  bool promotes = request.promote_limit > 0;
  const auto steady = std::chrono::steady_clock::now();
  const bool due = promotes && next_due_ && *next_due_ <= now && lanes_.look_allowed(now, steady);
  const bool looks = claims && (due || lanes_.look_due(*request.claim, now, steady));
  if (looks) {
    const Promotion promotion =
        ESTEIRA_TRY(look_at_lanes(*request.claim, request.promote_limit, now));
    answer.promoted = promotion.promoted;
    answer.next_due_at = promotion.next_due_at;
    if (const auto again = soonest_again(request.settlements, now); promotes && again) {
      answer.next_due_at = std::min(answer.next_due_at.value_or(*again), *again);
    }
    promotes = false;
  }
  for (const Settlement& settlement : request.settlements) {
    const auto* again = std::get_if<Again>(&settlement.next);
    if (again == nullptr || again->run_at > now) continue;
    lanes_.returned(settlement.type_id, settlement.priority, again->run_at);
  }
  // Nobody waits: a task that comes from here on is the next tick's.
  if (looks && lanes_.empty(*request.claim)) {
    lanes_.claimed(*request.claim, {});
    claims = false;
  }
  ESTEIRA_TRY(
      run_tick(request, {.claims = claims, .promotes = promotes, .looked = looks}, now, answer));
  if (request.promote_limit > 0) next_due_ = answer.next_due_at;
  // In a transaction of its own: those who wait are many, or locked, and the tick is neither.
  if (std::exchange(others_wait_, false)) answer.released = tell(now);
  if (given.claim && !given.claim->gated.empty()) add_gated(given, now, answer);
  return answer;
}

Expected<void> Repository::run_tick(const TickRequest& request, const TickParts& parts, Time now,
                                    TickAnswer& answer) {
  Batch batch;
  if (const auto leases = leases_of(request); !leases.empty()) {
    batch.add({.sql = sql::lock_leases, .params = Params{}.array<LeaseId>(leases)});
  }
  const Notes notes{request.notes};
  const std::size_t notes_at = batch.statements().size();
  for (Statement& statement : notes.statements()) batch.add(std::move(statement));
  const std::size_t notes_end = batch.statements().size();
  std::optional<std::size_t> finish_at, renew_at, promote_at, claim_at;
  const Finish finish{request.settlements, shard_, now};
  if (!request.settlements.empty()) finish_at = batch.add(finish.statement());
  if (!request.renewals.empty()) {
    renew_at = batch.add(renew_statement(request.renewals, now + request.lease));
  }
  const std::string promote = inlined(sql::promote, ":limit", request.promote_limit);
  if (parts.promotes) {
    promote_at = batch.add({.sql = promote, .params = Params{}.add(now)});
    batch.add({.sql = sql::next_due});
  }
  const std::vector<TaskId> changed = changed_tasks(request);
  std::optional<ClaimStatement> claim;
  if (parts.claims) {
    claim.emplace(*request.claim, lanes_.plan(*request.claim, now, /*fresh=*/parts.looked),
                  /*part=*/0, request.claim->limit, lanes_.merge_factor());
    claim_at = batch.add(claim->statement(request.worker, changed, now));
  } else if (!changed.empty()) {
    batch.add(change_statement(changed, now));
  }
  if (batch.statements().empty()) return {};
  const auto rows = ESTEIRA_TRY(connection_.transaction(Effect::writes, batch.statements()));
  answer.notes = notes.answer(std::span{rows}.subspan(notes_at, notes_end - notes_at));
  if (finish_at) {
    answer.settlements = finish.answer(rows[*finish_at]);
    others_wait_ = Finish::others_wait(rows[*finish_at]);
  }
  if (renew_at) {
    answer.renewals = read_renewals(request.renewals, now + request.lease, rows[*renew_at]);
  }
  if (promote_at) {
    const Promotion promotion = read_promotion(rows[*promote_at], rows[*promote_at + 1]);
    answer.promoted = promotion.promoted;
    answer.next_due_at = promotion.next_due_at;
  }
  if (!claim) return {};
  answer.claims = claim->answer(rows[*claim_at], now);
  const bool missed = request.claim->hinted && !parts.looked && answer.claims.empty();
  if (claim->merges() || missed) add_rest(request, claim->merges(), now, answer);
  lanes_.claimed(*request.claim, answer.claims);
  return {};
}

void Repository::add_rest(const TickRequest& request, bool merged, Time now, TickAnswer& answer) {
  const int claimed = static_cast<int>(answer.claims.size());
  if (claimed == request.claim->limit) return;
  // The tick is committed: what goes wrong from here on only makes the claim short.
  auto rest = claim_rest(request, claimed, merged, now);
  if (!rest) return;
  for (Claim& claim : *rest) answer.claims.push_back(std::move(claim));
}

}  // namespace esteira::postgres
