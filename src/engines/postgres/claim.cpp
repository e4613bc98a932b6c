#include "engines/postgres/claim.hpp"

#include <algorithm>
#include <bit>
#include <tuple>

#include "base/assert.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

constexpr int step_column = 17;

}  // namespace

ClaimStatement::ClaimStatement(const ClaimRequest& request, ClaimPlan plan, int part, int limit,
                               int factor)
    : request_(request), plan_(std::move(plan)), part_(part), limit_(limit) {
  sql_ += sql::claim_head;
  if (!plan_.merged.empty()) sql_ += sql::claim_merge;
  sql_ += sql::claim_tail;
  // A power of two, so that few texts are prepared; the statement's last LIMIT is exact, and
  // nothing is locked before it is needed.
  const int step_limit = static_cast<int>(std::bit_ceil(static_cast<unsigned>(limit)));
  sql_ = inlined(inlined(sql_, ":limit", step_limit), ":candidates", step_limit * factor);
}

Statement ClaimStatement::statement(const std::string& worker, std::span<const TaskId> changed,
                                    Time now) const {
  Params params;
  params.add(request_.lease_id).add(part_).add(worker).add(now).add(now + request_.lease);
  params.array<int>(plan_.steps, [](const ClaimStep& s) { return static_cast<int>(s.kind); })
      .array<int>(plan_.steps, [](const ClaimStep& s) { return s.type_id; })
      .array<int>(plan_.steps, [](const ClaimStep& s) { return s.high; })
      .array<int>(plan_.steps, [](const ClaimStep& s) { return s.low; })
      .array<Time>(plan_.steps, [](const ClaimStep& s) { return s.run_at; })
      .array<std::int64_t>(plan_.steps, [](const ClaimStep& s) { return s.task_id; })
      .add(std::int64_t{limit_})
      .array<std::int64_t>(changed);
  if (!plan_.merged.empty()) {
    params.array<int>(plan_.merged, [](const MergedLane& m) { return m.step; })
        .array<int>(plan_.merged, [](const MergedLane& m) { return m.mark.type_id; })
        .array<int>(plan_.merged, [](const MergedLane& m) { return m.mark.priority; })
        .array<Time>(plan_.merged, [](const MergedLane& m) { return m.mark.run_at; })
        .array<std::int64_t>(plan_.merged, [](const MergedLane& m) { return m.mark.task_id; });
  }
  return {.sql = sql_, .params = std::move(params)};
}

std::vector<Claim> ClaimStatement::answer(const Rows& rows, Time now) const {
  // A gap holds many priorities, the lanes of a merge share one rank.
  struct Place {
    std::int64_t step = 0;
    int below = 0;
    Time run_at{};
    TaskId task_id = 0;
    int row = 0;
    auto operator<=>(const Place&) const = default;
  };
  std::vector<Place> order;
  order.reserve(static_cast<std::size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) {
    const std::int64_t step = rows.integer(row, step_column);
    const bool gap = plan_.steps[static_cast<std::size_t>(step - 1)].kind == ClaimStep::Kind::gap;
    order.push_back({.step = step,
                     .below = gap ? -rows.small(row, 3) : 0,
                     .run_at = rows.time(row, 6),
                     .task_id = rows.integer(row, 0),
                     .row = row});
  }
  std::ranges::sort(order);
  std::vector<Claim> claims;
  claims.reserve(order.size());
  for (const Place& place : order) {
    Claim& claim = claims.emplace_back(read_claim(rows, place.row, request_.lease_id));
    claim.started_at = now;
    claim.lease_expires_at = now + request_.lease;
  }
  return claims;
}

Claim read_claim(const Rows& rows, int row, const LeaseId& lease_id) {
  Claim claim;
  claim.fence = {
      .task_id = rows.integer(row, 0), .attempt = rows.small(row, 1), .lease_id = lease_id};
  claim.type_id = rows.small(row, 2);
  claim.priority = rows.small(row, 3);
  claim.retries = rows.small(row, 4);
  claim.crashes = rows.small(row, 5);
  claim.run_at = rows.time(row, 6);
  claim.payload = rows.json(row, 7);
  claim.max_retries = rows.small(row, 8);
  claim.timeout = rows.duration_or(row, 9);
  claim.tags = rows.texts(row, 10);
  claim.unique_key = rows.text_or(row, 11);
  claim.traceparent = rows.text_or(row, 12);
  claim.scheduled_for = rows.time_or(row, 13);
  claim.created_at = rows.time(row, 14);
  if (!rows.null(row, 15)) claim.checkpoint = rows.json(row, 15);
  if (!rows.null(row, 16)) claim.terms = read_task_terms(rows.json(row, 16));
  return claim;
}

TaskRepository::TakenOver read_lease_claim(const Rows& rows, int row, const LeaseId& lease_id) {
  TaskRepository::TakenOver taken{.claim = read_claim(rows, row, lease_id),
                                  .previous_worker = rows.text_or(row, 19).value_or("")};
  taken.claim.started_at = rows.time(row, 17);
  taken.claim.lease_expires_at = rows.time(row, 18);
  taken.claim.cancel_requested = rows.truth(row, 20);
  return taken;
}

Expected<bool> Repository::has_ready(std::span<const TypeId> types, Time now) {
  const RecursiveLock lock{mutex_};
  const Rows rows =
      ESTEIRA_TRY(connection_.read(sql::has_ready, Params{}.array<int>(types).add(now)));
  return rows.truth(0, 0);
}

Expected<std::optional<std::vector<Claim>>> Repository::claim_again(const ClaimRequest& request) {
  const std::array statements{
      Statement{.sql = sql::lease_exists, .params = Params{}.add(request.lease_id)},
      Statement{.sql = sql::lease_claims, .params = Params{}.add(request.lease_id)}};
  const auto answers = ESTEIRA_TRY(connection_.transaction(Effect::reads, statements));
  if (answers[0].integer(0, 0) == 0) return std::nullopt;
  std::vector<Claim> claims;
  for (int row = 0; row < answers[1].size(); ++row) {
    claims.push_back(read_lease_claim(answers[1], row, request.lease_id).claim);
  }
  return claims;
}

// Claimers that merge the same lanes meet in the same rows, and the later one comes back short: it
// tries once more with a wider choice. So does a hinted claim that found nothing without a look.
Expected<std::vector<Claim>> Repository::claim_rest(const TickRequest& request, int claimed,
                                                    bool merged, Time now) {
  const ClaimRequest& claim = *request.claim;
  ESTEIRA_TRY(look_at_lanes(claim, /*promote_limit=*/0, now));
  if (lanes_.empty(claim)) return std::vector<Claim>{};
  if (merged) lanes_.collided();
  const ClaimStatement again{claim, lanes_.plan(claim, now, /*fresh=*/true),
                             /*part=*/claimed == 0 ? 0 : 1, claim.limit - claimed,
                             lanes_.merge_factor()};
  const std::array statements{again.statement(request.worker, /*changed=*/{}, now)};
  const auto answers = ESTEIRA_TRY(connection_.transaction(Effect::writes, statements));
  return again.answer(answers.front(), now);
}

// Moves what is due and sees where tasks wait, in a round trip of its own before the claim.
Expected<Promotion> Repository::look_at_lanes(const ClaimRequest& request, int promote_limit,
                                              Time now) {
  std::vector<Statement> statements;
  const std::string promote = inlined(sql::promote, ":limit", promote_limit);
  if (promote_limit > 0) {
    statements.push_back({.sql = promote, .params = Params{}.add(now)});
    statements.push_back({.sql = sql::next_due});
  }
  statements.push_back({.sql = sql::lanes, .params = Params{}.array<int>(request.types)});
  const auto begun = std::chrono::steady_clock::now();
  const Effect effect = promote_limit > 0 ? Effect::writes : Effect::reads;
  auto answers = connection_.transaction(effect, statements);
  if (!answers) {
    // A promotion that may have happened is no doubt about the tick, which has not begun.
    return fail(
        answers.error().code == ErrorCode::in_doubt ? ErrorCode::unavailable : answers.error().code,
        std::move(answers.error().message));
  }
  const Rows& lanes = answers->back();
  std::vector<LaneMark> heads;
  for (int row = 0; row < lanes.size(); ++row) {
    heads.push_back({.type_id = lanes.small(row, 0),
                     .priority = lanes.small(row, 1),
                     .run_at = lanes.time(row, 2),
                     .task_id = lanes.integer(row, 3)});
  }
  lanes_.looked(request, std::move(heads), now, begun, std::chrono::steady_clock::now());
  if (promote_limit == 0) return Promotion{};
  return read_promotion((*answers)[0], (*answers)[1]);
}

Promotion Repository::read_promotion(const Rows& moved, const Rows& next) {
  Promotion promotion;
  for (int row = 0; row < moved.size(); ++row) {
    promotion.promoted += moved.small(row, 3);
    lanes_.returned(moved.small(row, 0), moved.small(row, 1), moved.time(row, 2));
  }
  if (next.size() > 0) promotion.next_due_at = next.time(0, 0);
  return promotion;
}

}  // namespace esteira::postgres
