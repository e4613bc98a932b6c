#include "engines/sqlite/dependents.hpp"
#include "engines/sqlite/finish.hpp"
#include "engines/sqlite/lease.hpp"
#include "engines/sqlite/operations.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

// Looks without the write lock, so that an idle worker's polls never hold up those who write.
Expected<bool> has_something_to_do(Connection& connection, const TickRequest& request, Time now) {
  if (!request.notes.empty() || !request.settlements.empty() || !request.renewals.empty()) {
    return true;
  }
  if (request.promote_limit > 0) {
    const auto due = ESTEIRA_TRY(next_due(connection));
    if (due && *due <= now) return true;
  }
  if (!request.claim) return false;
  if (request.claim->again) return true;
  return !ESTEIRA_TRY(due_lanes(connection, request.claim->types, now)).empty();
}

Expected<void> finish_all(Connection& connection, LeaseBook& leases, const TickRequest& request,
                          Time now, TickAnswer& answer) {
  if (request.settlements.empty()) return {};
  auto finisher = ESTEIRA_TRY(Finisher::begin(connection, now));
  answer.settlements.reserve(request.settlements.size());
  for (const auto& settlement : request.settlements) {
    answer.settlements.push_back(ESTEIRA_TRY(finisher.finish(leases, settlement)));
  }
  ESTEIRA_TRY(leases.delete_finished());
  return finisher.end();
}

// What of the tick shows: log lines, checkpoints, numbers and renewals do not.
std::vector<TaskId> changed_tasks(const TickRequest& request, const TickAnswer& answer) {
  std::vector<TaskId> ids;
  for (std::size_t i = 0; i < request.notes.size(); ++i) {
    const auto* progress = std::get_if<ProgressNote>(&request.notes[i]);
    if (progress != nullptr && answer.notes[i].applied) ids.push_back(progress->fence.task_id);
  }
  for (std::size_t i = 0; i < request.settlements.size(); ++i) {
    if (answer.settlements[i] != FinishStatus::applied) continue;
    ids.push_back(request.settlements[i].fence.task_id);
  }
  for (const auto& claim : answer.claims) ids.push_back(claim.fence.task_id);
  return ids;
}

// Of several types, priorities or flows, the claim may choose others than those that are due first.
Expected<bool> are_mixed(Connection& connection, int limit, Time now) {
  auto query = ESTEIRA_TRY(connection.query(sql::scheduled_mixed));
  query.bind(now, limit);
  return ESTEIRA_TRY(query.step()) && query.small(0) != 0;
}

// What the claim takes of the tasks that are due by now goes to it straight, where they stand in
// one order; where it leaves some, the queue is not its next tasks alone, and as many become ready
// as may.
Expected<void> promote_and_claim(Connection& connection, const TickRequest& request, Time now,
                                 TickAnswer& answer) {
  Arrivals arrivals;
  const auto next = request.promote_limit > 0 ? ESTEIRA_TRY(next_due(connection)) : std::nullopt;
  const bool due = next && *next <= now;
  if (due && request.claim) {
    const int wanted = std::min(request.claim->limit, request.promote_limit);
    if (ESTEIRA_TRY(are_mixed(connection, request.promote_limit, now))) {
      answer.promoted = ESTEIRA_TRY(promote(connection, request.promote_limit, now));
    } else if (wanted > 0) {
      ESTEIRA_TRY(arrivals.take(connection, wanted, now));
    }
  }
  const int promoted = answer.promoted;
  if (request.claim) {
    auto claimed = ESTEIRA_TRY(claim(connection, *request.claim, request.worker, now, arrivals));
    answer.claims = std::move(claimed.claims);
    answer.next_due_at = claimed.next_at;
  }
  answer.promoted += arrivals.count();
  if (!due || promoted > 0 || (arrivals.count() > 0 && !arrivals.any_left())) return {};
  ESTEIRA_TRY(arrivals.put_rest(connection, now));
  answer.promoted +=
      ESTEIRA_TRY(promote(connection, request.promote_limit - arrivals.count(), now));
  return {};
}

Expected<void> work(Connection& connection, const TickRequest& request, Time now,
                    TickAnswer& answer) {
  LeaseBook leases(connection);
  answer.notes.reserve(request.notes.size());
  for (const auto& note : request.notes) {
    answer.notes.push_back(ESTEIRA_TRY(take_note(connection, leases, note)));
  }
  ESTEIRA_TRY(finish_all(connection, leases, request, now, answer));
  Told told;
  if (!request.settlements.empty()) told = ESTEIRA_TRY(tell_dependents(connection, now));
  answer.released = told.released;
  for (const auto& renewal : request.renewals) {
    answer.renewals.push_back(ESTEIRA_TRY(renew(connection, leases, renewal, now + request.lease)));
  }
  ESTEIRA_TRY(promote_and_claim(connection, request, now, answer));
  auto changed = changed_tasks(request, answer);
  changed.insert(changed.end(), told.ended.begin(), told.ended.end());
  return write_change(connection, std::move(changed), now);
}

}  // namespace

Expected<TickAnswer> tick(Connection& connection, const TickRequest& request, Time now) {
  TickAnswer answer;
  if (ESTEIRA_TRY(has_something_to_do(connection, request, now))) {
    auto transaction = ESTEIRA_TRY(Transaction::begin(connection));
    ESTEIRA_TRY(work(connection, request, now, answer));
    if (request.promote_limit > 0) {
      const auto due = ESTEIRA_TRY(next_due(connection));
      if (due) answer.next_due_at = std::min(answer.next_due_at.value_or(*due), *due);
    }
    ESTEIRA_TRY(transaction.commit());
  } else if (request.promote_limit > 0) {
    answer.next_due_at = ESTEIRA_TRY(next_due(connection));
  }
  return answer;
}

}  // namespace esteira::sqlite
