#include "engines/sqlite/lease.hpp"

#include <algorithm>

#include "engines/sqlite/claim.hpp"
#include "engines/sqlite/operations.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

Expected<HeldStatus> held_status(Connection& connection, LeaseBook& leases, const Fence& fence) {
  if (!ESTEIRA_TRY(leases.find_live(fence))) return HeldStatus::lost;
  auto query = ESTEIRA_TRY(connection.query(sql::cancel_find));
  query.bind(fence.task_id, fence.attempt);
  return ESTEIRA_TRY(query.step()) ? HeldStatus::cancel : HeldStatus::ok;
}

// Renews a part for the tasks of `named` (sorted). Open tasks that are not named move to a part of
// their own with the old expiry, so that nothing lives for ever by its neighbours.
Expected<void> renew_part(Connection& connection, LeaseBook& leases, LeasePart& part, int new_part,
                          const std::vector<TaskId>& named, Time expires_at) {
  std::vector<HeldTask> kept;
  std::vector<HeldTask> omitted;
  for (auto& task : part.tasks) {
    if (!ESTEIRA_TRY(leases.is_open(task))) continue;
    const bool is_named = std::ranges::binary_search(named, task.task_id);
    (is_named ? kept : omitted).push_back(task);
  }
  if (kept.empty()) return {};
  if (omitted.empty()) {
    return connection.run(sql::lease_renew, part.lease_id, part.part, expires_at);
  }
  auto rest = part;
  rest.part = new_part;
  rest.tasks = std::move(omitted);
  ESTEIRA_TRY(insert_lease_part(connection, rest));
  part.tasks = std::move(kept);
  const auto tasks = write_held_tasks(part.tasks);
  return connection.run(sql::lease_keep, part.lease_id, part.part, expires_at, tasks);
}

// Deletes or takes over one expired row; answers the open tasks' claims.
Expected<std::vector<TaskRepository::TakenOver>> take_over(Connection& connection,
                                                           LeaseBook& leases, LeasePart old,
                                                           LeasePart taken) {
  std::vector<TaskRepository::TakenOver> answer;
  for (auto& task : old.tasks) {
    if (ESTEIRA_TRY(leases.is_open(task))) taken.tasks.push_back(task);
  }
  ESTEIRA_TRY(connection.run(sql::lease_delete, old.lease_id, old.part));
  if (taken.tasks.empty()) return answer;
  taken.claimed_at = old.claimed_at;
  taken.previous_worker = old.previous_worker.value_or(old.worker);
  ESTEIRA_TRY(insert_lease_part(connection, taken));
  for (const auto& task : taken.tasks) {
    answer.push_back({.claim = ESTEIRA_TRY(read_open_claim(connection, taken, task)),
                      .previous_worker = *taken.previous_worker});
  }
  return answer;
}

Expected<std::vector<LeasePart>> expired_parts(Connection& connection, int limit, Time now) {
  std::vector<LeasePart> parts;
  auto query = ESTEIRA_TRY(connection.query(sql::leases_expired));
  query.bind(now, limit);
  while (ESTEIRA_TRY(query.step())) parts.push_back(ESTEIRA_TRY(read_lease_part(query)));
  return parts;
}

Expected<std::vector<LeasePart>> all_parts(Connection& connection) {
  std::vector<LeasePart> parts;
  auto query = ESTEIRA_TRY(connection.query(sql::leases));
  while (ESTEIRA_TRY(query.step())) parts.push_back(ESTEIRA_TRY(read_lease_part(query)));
  return parts;
}

// The answer to a take-over under this lease was lost: the same again.
Expected<std::vector<TaskRepository::TakenOver>> taken_before(Connection& connection,
                                                              const LeaseId& lease_id) {
  LeaseBook leases(connection);
  std::vector<TaskRepository::TakenOver> answer;
  for (auto& part : ESTEIRA_TRY(leases.parts(lease_id))) {
    for (auto& task : part.tasks) {
      if (!ESTEIRA_TRY(leases.is_open(task))) continue;
      answer.push_back({.claim = ESTEIRA_TRY(read_open_claim(connection, part, task)),
                        .previous_worker = part.previous_worker.value_or("")});
    }
  }
  return answer;
}

// What settling needs of a task that runs under `part`; nothing where it was just deleted.
Expected<std::optional<Claim>> read_terms(Connection& connection, const LeasePart& part,
                                          const HeldTask& task) {
  Claim claim{
      .fence = {.task_id = task.task_id, .attempt = task.attempt, .lease_id = part.lease_id},
      .retries = task.retries,
      .crashes = task.crashes,
      .run_at = task.run_at,
      .started_at = part.claimed_at,
      .lease_expires_at = part.expires_at};
  {
    auto query = ESTEIRA_TRY(connection.query(sql::request_terms));
    query.bind(task.task_id);
    if (!ESTEIRA_TRY(query.step())) return std::nullopt;
    claim.type_id = query.small(0);
    claim.priority = query.small(1);
    claim.max_retries = query.small(2);
    claim.timeout = query.optional_duration(3);
    claim.scheduled_for = query.optional_time(4);
    claim.created_at = query.time(5);
    if (!query.is_null(6)) claim.terms = read_task_terms(query.view(6));
  }
  auto query = ESTEIRA_TRY(connection.query(sql::cancel_find));
  query.bind(task.task_id, task.attempt);
  claim.cancel_requested = ESTEIRA_TRY(query.step());
  return claim;
}

}  // namespace

Expected<RenewalAnswer> renew(Connection& connection, LeaseBook& leases, const Renewal& renewal,
                              Time expires_at) {
  RenewalAnswer answer{.lease_expires_at = expires_at};
  std::vector<TaskId> named;
  for (const auto& [task_id, attempt] : renewal.held) {
    const Fence fence{.task_id = task_id, .attempt = attempt, .lease_id = renewal.lease_id};
    answer.held.push_back(ESTEIRA_TRY(held_status(connection, leases, fence)));
    if (answer.held.back() != HeldStatus::lost) named.push_back(task_id);
  }
  std::ranges::sort(named);
  const auto parts = ESTEIRA_TRY(leases.parts(renewal.lease_id));
  int new_part = parts.empty() ? 0 : parts.back().part + 1;
  for (auto& part : parts) {
    ESTEIRA_TRY(renew_part(connection, leases, part, new_part++, named, expires_at));
  }
  leases.forget(renewal.lease_id);
  return answer;
}

Expected<std::vector<TaskRepository::TakenOver>> take_expired(Connection& connection,
                                                              const std::string& worker,
                                                              const LeaseId& lease_id,
                                                              Duration lease, int limit, Time now) {
  auto answer = ESTEIRA_TRY(taken_before(connection, lease_id));
  if (!answer.empty()) return answer;
  LeaseBook leases(connection);
  LeasePart taken{.lease_id = lease_id, .expires_at = now + lease, .worker = worker};
  // Rows in which nothing is open do not count: a limit full of them would hide the others.
  while (taken.part < limit) {
    auto page = ESTEIRA_TRY(expired_parts(connection, limit - taken.part, now));
    if (page.empty()) break;
    for (auto& old : page) {
      auto claims = ESTEIRA_TRY(take_over(connection, leases, std::move(old), taken));
      if (!claims.empty()) ++taken.part;
      std::ranges::move(claims, std::back_inserter(answer));
    }
  }
  std::vector<TaskId> ids;
  for (const auto& one : answer) ids.push_back(one.claim.fence.task_id);
  ESTEIRA_TRY(write_change(connection, std::move(ids), now));
  return answer;
}

Expected<void> strike_from_leases(Connection& connection, std::vector<TaskId> ids) {
  std::ranges::sort(ids);
  LeaseBook leases(connection);
  for (auto& part : ESTEIRA_TRY(all_parts(connection))) {
    const auto struck = std::erase_if(part.tasks, [&](const HeldTask& task) {
      return std::ranges::binary_search(ids, task.task_id);
    });
    if (struck == 0) continue;
    if (!ESTEIRA_TRY(leases.has_open(part))) {
      ESTEIRA_TRY(connection.run(sql::lease_delete, part.lease_id, part.part));
      continue;
    }
    const auto tasks = write_held_tasks(part.tasks);
    ESTEIRA_TRY(connection.run(sql::lease_keep, part.lease_id, part.part, part.expires_at, tasks));
  }
  return {};
}

Expected<std::vector<std::optional<Claim>>> open_claims(Connection& connection,
                                                        std::span<const Fence> fences) {
  LeaseBook leases(connection);
  std::vector<std::optional<Claim>> claims;
  claims.reserve(fences.size());
  for (const auto& fence : fences) {
    auto& claim = claims.emplace_back();
    const auto place = ESTEIRA_TRY(leases.find_live(fence));
    if (place) claim = ESTEIRA_TRY(read_terms(connection, *place.part, *place.task));
  }
  return claims;
}

Expected<std::vector<Claim>> claims_of(Connection& connection, const std::string& worker) {
  std::vector<LeasePart> parts;
  {
    auto query = ESTEIRA_TRY(connection.query(sql::leases_of_worker));
    query.bind(worker);
    while (ESTEIRA_TRY(query.step())) parts.push_back(ESTEIRA_TRY(read_lease_part(query)));
  }
  LeaseBook leases(connection);
  std::vector<Claim> claims;
  for (auto& part : parts) {
    for (auto& task : part.tasks) {
      if (!ESTEIRA_TRY(leases.is_open(task))) continue;
      auto claim = ESTEIRA_TRY(read_terms(connection, part, task));
      if (claim) claims.push_back(*std::move(claim));
    }
  }
  return claims;
}

Expected<std::vector<Renewal::Held>> cancel_requests(Connection& connection) {
  auto query = ESTEIRA_TRY(connection.query(sql::cancels));
  std::vector<Renewal::Held> requests;
  while (ESTEIRA_TRY(query.step())) {
    requests.push_back({.task_id = query.integer(0), .attempt = query.small(1)});
  }
  return requests;
}

}  // namespace esteira::sqlite
