// The sweep of waiting tasks whose time is over, and how many wait.
#include <algorithm>
#include <set>

#include "base/assert.hpp"
#include "domain/expiry.hpp"
#include "domain/limits.hpp"
#include "engines/postgres/change.hpp"
#include "engines/postgres/changes.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

struct Expiry {
  Time look_at{};
  TaskId task_id = 0;
};

Params expiry_params(std::span<const Expiry> expiries) {
  Params params;
  params.array<Time>(expiries, [](const Expiry& expiry) { return expiry.look_at; })
      .array<std::int64_t>(expiries, [](const Expiry& expiry) { return expiry.task_id; });
  return params;
}

class Sweep {
 public:
  Sweep(Runner& runner, int shard, Time now) : runner_(runner), shard_(shard), now_(now) {}

  Expected<int> run(int limit) {
    const std::string take = inlined(sql::take_expiries, ":limit", limit);
    const Rows rows = ESTEIRA_TRY(runner_.run(take, Params{}.add(now_)));
    std::vector<Expiry> done;
    std::vector<TaskId> ids;
    for (int row = 0; row < rows.size(); ++row) {
      done.push_back({.look_at = rows.time(row, 0), .task_id = rows.integer(row, 1)});
      ids.push_back(done.back().task_id);
    }
    if (done.empty()) return 0;
    const auto expired = ESTEIRA_TRY(find_expired(ids));
    const auto stays = ESTEIRA_TRY(end(expired));
    std::erase_if(done, [&](const Expiry& expiry) { return stays.contains(expiry.task_id); });
    ESTEIRA_TRY(runner_.run(sql::delete_expiries, expiry_params(done)));
    return static_cast<int>(done.size());
  }

 private:
  // Under the lock of their orders: nobody gives them another time meanwhile. One that was given
  // another before has another row.
  Expected<std::vector<TaskId>> find_expired(const std::vector<TaskId>& ids) {
    ESTEIRA_TRY(runner_.run(sql::lock_requests, Params{}.array<std::int64_t>(ids)));
    std::vector<TaskId> expired;
    for (const auto& [task_id, terms] : ESTEIRA_TRY(read_terms(runner_, ids))) {
      if (has_expired(terms, now_)) expired.push_back(task_id);
    }
    return expired;
  }

  // Answers those that wait but were moving just now: the next round finds them again.
  Expected<std::set<TaskId>> end(const std::vector<TaskId>& ids) {
    std::vector<Settlement> settlements;
    std::vector<TaskId> ended;
    for (const TakenWaiting& taken : ESTEIRA_TRY(take_waiting(runner_, ids, now_))) {
      const Claim& claim = taken.claim;
      settlements.push_back(settle(claim, expired_unstarted(), RetryPolicy{}, now_));
      ended.push_back(claim.fence.task_id);
    }
    ESTEIRA_TRY(end_waiting(runner_, settlements, shard_, now_));
    if (!ended.empty()) {
      const Statement change = change_statement(ended, now_);
      ESTEIRA_TRY(runner_.run(change.sql, change.params));
    }
    std::set<TaskId> moving;
    std::vector<Expiry> running;
    for (const Standing& standing : ESTEIRA_TRY(standings(runner_, ids))) {
      if (standing.status == TaskStatus::pending) moving.insert(standing.task_id);
      if (standing.status != TaskStatus::processing) continue;
      running.push_back({.look_at = now_ + limits::expiry_recheck, .task_id = standing.task_id});
    }
    if (!running.empty()) {
      ESTEIRA_TRY(runner_.run(sql::insert_expiries, expiry_params(running)));
    }
    return moving;
  }

  Runner& runner_;
  const int shard_;
  const Time now_;
};

}  // namespace

Expected<int> Repository::expire_waiting(int limit, Time now) {
  const RecursiveLock lock{mutex_};
  const Rows due = ESTEIRA_TRY(connection_.read(sql::expiry_due, Params{}.add(now)));
  if (due.size() == 0) return 0;
  Transaction transaction{connection_};
  ESTEIRA_TRY(transaction.begin());
  const int looked_at = ESTEIRA_TRY(Sweep(connection_, shard_, now).run(limit));
  ESTEIRA_TRY(transaction.commit());
  tell_if_noted(now);
  return looked_at;
}

Expected<std::int64_t> Repository::count_waiting(TypeId type_id, std::int64_t most) {
  const RecursiveLock lock{mutex_};
  const auto bounded = static_cast<int>(std::min(most, limits::max_waiting_max + 1));
  const std::string sql = inlined(sql::count_waiting, ":limit", bounded);
  const Rows rows = ESTEIRA_TRY(connection_.read(sql, Params{}.add(type_id)));
  return std::min(rows.integer(0, 0), most);
}

}  // namespace esteira::postgres
