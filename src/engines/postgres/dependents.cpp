#include "engines/postgres/dependents.hpp"

#include <algorithm>
#include <map>

#include "base/assert.hpp"
#include "domain/dependencies.hpp"
#include "domain/limits.hpp"
#include "domain/settle.hpp"
#include "engines/postgres/changes.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

// How many ends one transaction looks at, and how often one call tells before it leaves the rest to
// maintenance.
constexpr int ends_max = 100;
constexpr int rounds_max = 4;

Params ids_param(std::span<const TaskId> ids) {
  return std::move(Params{}.array<std::int64_t>(ids));
}

// One transaction of telling.
class Teller {
 public:
  Teller(Runner& runner, int shard, Time now) : runner_(runner), shard_(shard), now_(now) {}

  Expected<Told> run() {
    ESTEIRA_TRY(take_ends());
    if (ends_.empty()) return Told{};
    ESTEIRA_TRY(lock_batches());
    ESTEIRA_TRY(take_edges());
    ESTEIRA_TRY(lock_children());
    ESTEIRA_TRY(read_parents());
    ESTEIRA_TRY(tell_children());
    ESTEIRA_TRY(count_members());
    return finish();
  }

 private:
  struct End {
    std::int64_t end_no = 0;
    TaskStatus status = TaskStatus::pending;
  };

  Expected<void> take_ends() {
    static const std::string take = inlined(sql::ends_take, ":limit", ends_max);
    const Rows rows = ESTEIRA_TRY(runner_.run(take, {}));
    for (int row = 0; row < rows.size(); ++row) {
      const TaskId task_id = rows.integer(row, 1);
      ends_.push_back(
          {.end_no = rows.integer(row, 0), .status = static_cast<TaskStatus>(rows.small(row, 2))});
      // Of a task that is gone the last word counts.
      status_[task_id] = ends_.back().status;
      of_task_[task_id].push_back(ends_.back().end_no);
    }
    for (const auto& [task_id, _] : status_) ids_.push_back(task_id);
    return {};
  }

  Expected<void> lock_batches() {
    const Rows members = ESTEIRA_TRY(runner_.run(sql::batch_members_of, ids_param(ids_)));
    std::set<std::int64_t> numbers;
    for (int row = 0; row < members.size(); ++row) {
      batch_of_[members.integer(row, 0)] = members.integer(row, 1);
      numbers.insert(members.integer(row, 1));
    }
    if (numbers.empty()) return {};
    const Rows locked =
        ESTEIRA_TRY(runner_.run(sql::batches_lock, Params{}.array<std::int64_t>(numbers)));
    for (int row = 0; row < locked.size(); ++row) batches_.insert(locked.integer(row, 0));
    for (const auto& [task_id, batch_no] : batch_of_) {
      if (!batches_.contains(batch_no)) later_.insert(task_id);
    }
    return {};
  }

  Expected<void> take_edges() {
    static const std::string take = inlined(sql::dependants, ":limit", limits::dependants_max + 1);
    const Rows rows = ESTEIRA_TRY(runner_.run(take, ids_param(ids_)));
    for (int row = 0; row < rows.size(); ++row) {
      edges_.push_back({.parent = rows.integer(row, 0), .child = rows.integer(row, 1)});
    }
    if (std::ssize(edges_) <= limits::dependants_max) return {};
    // The parents from the last one on have, or may have, children that were not read.
    const TaskId last = edges_.back().parent;
    edges_.pop_back();
    for (const TaskId task_id : ids_) {
      if (task_id >= last) later_.insert(task_id);
    }
    return {};
  }

  Expected<void> lock_children() {
    std::set<TaskId> children;
    for (const Edge& edge : edges_) children.insert(edge.child);
    if (children.empty()) return {};
    const Rows locked =
        ESTEIRA_TRY(runner_.run(sql::children_lock, Params{}.array<std::int64_t>(children)));
    std::set<TaskId> held;
    for (int row = 0; row < locked.size(); ++row) held.insert(locked.integer(row, 0));
    if (held.size() == children.size()) return {};
    // An order that is not there is locked by others, or is gone, and then nobody is to be told.
    const Rows known =
        ESTEIRA_TRY(runner_.run(sql::children_known, Params{}.array<std::int64_t>(children)));
    for (int row = 0; row < known.size(); ++row) children.erase(known.integer(row, 0));
    held.insert(children.begin(), children.end());
    std::erase_if(edges_, [&](const Edge& edge) {
      if (!held.contains(edge.child)) later_.insert(edge.parent);
      return !held.contains(edge.child);
    });
    return {};
  }

  // As they stand under the locks.
  Expected<void> read_parents() {
    for (const Standing& standing : ESTEIRA_TRY(standings(runner_, ids_))) {
      status_[standing.task_id] = standing.status;
    }
    std::erase_if(edges_, [&](const Edge& edge) { return !has_ended(status_.at(edge.parent)); });
    return {};
  }

  Expected<void> tell_children() {
    if (edges_.empty()) return {};
    std::map<TaskId, ParentEnds> told;
    for (const Edge& edge : edges_) count_parent(status_.at(edge.parent), told[edge.child]);
    std::vector<TaskId> children;
    for (const auto& [child, _] : told) children.push_back(child);
    Params params;
    params.array<std::int64_t>(edges_, [](const Edge& edge) { return edge.parent; })
        .array<std::int64_t>(edges_, [](const Edge& edge) { return edge.child; });
    ESTEIRA_TRY(runner_.run(sql::dependencies_delete, params));
    const Rows rows = ESTEIRA_TRY(runner_.run(sql::children, ids_param(children)));
    std::vector<TaskId> freed, dying;
    for (int row = 0; row < rows.size(); ++row) {
      const TaskId child = rows.integer(row, 0);
      ParentEnds& ends = told.at(child);
      ends.open = rows.integer(row, 1);
      const TaskTerms terms = rows.null(row, 2) ? TaskTerms{} : read_task_terms(rows.json(row, 2));
      const ChildFate fate = decide_child(terms, ends);
      if (fate == ChildFate::run) freed.push_back(child);
      if (fate == ChildFate::cancel) dying.push_back(child);
    }
    ESTEIRA_TRY(release(freed));
    return cancel(dying);
  }

  Expected<void> release(std::span<const TaskId> ids) {
    if (ids.empty()) return {};
    const Rows rows =
        ESTEIRA_TRY(runner_.run(sql::release, Params{}.array<std::int64_t>(ids).add(now_)));
    for (int row = 0; row < rows.size(); ++row) {
      released_.push_back({.type_id = rows.small(row, 0),
                           .priority = rows.small(row, 1),
                           .run_at = rows.time(row, 2)});
    }
    return {};
  }

  Expected<void> cancel(std::span<const TaskId> ids) {
    if (ids.empty()) return {};
    std::vector<Settlement> settlements;
    std::vector<TaskId> ended;
    for (const TakenWaiting& taken : ESTEIRA_TRY(take_waiting(runner_, ids, now_))) {
      settlements.push_back(settle(taken.claim, parent_failed(), RetryPolicy{}, now_));
      ended.push_back(taken.claim.fence.task_id);
    }
    if (ended.empty()) return {};
    ESTEIRA_TRY(end_waiting(runner_, settlements, shard_, now_));
    const Statement change = change_statement(ended, now_);
    ESTEIRA_TRY(runner_.run(change.sql, change.params));
    return {};
  }

  Expected<void> count_members() {
    std::vector<TaskId> ids;
    for (const auto& [task_id, batch_no] : batch_of_) {
      if (batches_.contains(batch_no)) ids.push_back(task_id);
    }
    if (ids.empty()) return {};
    Params params;
    params.array<std::int64_t>(ids).array<int>(ids, [&](TaskId task_id) {
      const TaskStatus status = status_.at(task_id);
      return static_cast<int>(has_ended(status) ? status : TaskStatus::pending);
    });
    ESTEIRA_TRY(runner_.run(sql::batch_members_count, params));
    return look_at_batches(runner_, std::vector<std::int64_t>(batches_.begin(), batches_.end()),
                           now_);
  }

  Expected<Told> finish() {
    std::vector<std::int64_t> done;
    for (const auto& [task_id, numbers] : of_task_) {
      if (!later_.contains(task_id)) done.insert(done.end(), numbers.begin(), numbers.end());
    }
    ESTEIRA_TRY(runner_.run(sql::ends_delete, Params{}.array<std::int64_t>(done)));
    return Told{.any = !done.empty() || !edges_.empty(), .released = std::move(released_)};
  }

  Runner& runner_;
  const int shard_;
  const Time now_;
  std::vector<End> ends_;
  std::vector<TaskId> ids_;  // of tasks that ended, and of batches below 0
  std::map<TaskId, std::vector<std::int64_t>> of_task_;
  std::map<TaskId, TaskStatus> status_;
  std::map<TaskId, std::int64_t> batch_of_;
  std::set<std::int64_t> batches_;  // which are locked
  std::vector<Edge> edges_;
  std::set<TaskId> later_;  // what is not done with
  std::vector<Waiting> released_;
};

}  // namespace

Expected<Told> tell_dependents(Runner& runner, int shard, Time now) {
  return Teller(runner, shard, now).run();
}

Expected<void> note_ends(Runner& runner, std::span<const TaskId> ids, TaskStatus status) {
  if (ids.empty()) return {};
  ESTEIRA_TRY(runner.run(sql::ends_note, ids_param(ids).add(static_cast<int>(status))));
  return {};
}

Expected<void> look_at_batches(Runner& runner, std::span<const std::int64_t> batches, Time now) {
  ESTEIRA_TRY(runner.run(sql::batches_finish, Params{}.array<std::int64_t>(batches).add(now)));
  return {};
}

Expected<void> put_edges(Runner& runner, std::span<const Edge> edges) {
  if (edges.empty()) return {};
  Params params;
  params.array<std::int64_t>(edges, [](const Edge& edge) { return edge.parent; })
      .array<std::int64_t>(edges, [](const Edge& edge) { return edge.child; });
  ESTEIRA_TRY(runner.run(sql::dependencies_put, params));
  return {};
}

Expected<HeldBack> hold_back(Runner& runner, std::span<const Dependant> dependants,
                             std::span<const TaskId> fresh) {
  const auto is_fresh = [&](TaskId id) { return std::ranges::binary_search(fresh, id); };
  std::set<TaskId> parents;
  for (const Dependant& one : dependants) {
    for (const TaskId parent : one.terms->depends_on) {
      if (!is_fresh(parent)) parents.insert(parent);
    }
  }
  std::map<TaskId, TaskStatus> status;
  if (!parents.empty()) {
    const std::vector<TaskId> ids(parents.begin(), parents.end());
    ESTEIRA_TRY(runner.run(sql::parents_keep, ids_param(ids)));
    for (const Standing& standing : ESTEIRA_TRY(standings(runner, ids))) {
      status.emplace(standing.task_id, standing.status);
    }
  }
  HeldBack held;
  for (const Dependant& one : dependants) {
    ParentEnds ends;
    const auto& depends_on = one.terms->depends_on;
    std::vector<TaskId> open, badly;
    for (std::size_t i = 0; i < depends_on.size(); ++i) {
      const TaskId parent = depends_on[i];
      const auto found = status.find(parent);
      if (found == status.end() && !is_fresh(parent)) return no_parent(one.place, i, parent);
      const TaskStatus stands = found == status.end() ? TaskStatus::pending : found->second;
      count_parent(stands, ends);
      if (!has_ended(stands)) open.push_back(parent);
      if (has_ended(stands) && stands != TaskStatus::completed) badly.push_back(parent);
    }
    const ChildFate fate = decide_child(*one.terms, ends);
    if (fate == ChildFate::run) continue;
    held.places.insert(one.place);
    if (fate == ChildFate::wait) {
      for (const TaskId parent : open)
        held.edges.push_back({.parent = parent, .child = one.task_id});
      continue;
    }
    // It is told of an end that has been, as if that came now.
    held.edges.push_back({.parent = badly.front(), .child = one.task_id});
    held.told.push_back(badly.front());
  }
  return held;
}

Expected<void> join_batches(Runner& runner, std::span<const Joiner> joiners, Time now) {
  if (joiners.empty()) return {};
  std::map<std::string_view, std::vector<const Joiner*>> by_batch;
  for (const Joiner& joiner : joiners) by_batch[joiner.batch_id].push_back(&joiner);
  for (const auto& [batch_id, members] : by_batch) {
    Params params;
    params.add(batch_id).add(now).add(static_cast<std::int64_t>(members.size()));
    const Rows joined = ESTEIRA_TRY(runner.run(sql::batch_join, params));
    ESTEIRA_ASSERT(joined.size() == 1);
    if (!joined.null(0, 1)) return batch_is_closed(members.front()->place, batch_id);
    Params ids;
    ids.array<std::int64_t>(members, [](const Joiner* joiner) { return joiner->task_id; })
        .add(joined.integer(0, 0));
    ESTEIRA_TRY(runner.run(sql::batch_members_insert, ids));
  }
  return {};
}

// What can't be told just now is told later: the ends are committed.
bool Repository::tell(Time now) {
  bool released = false;
  for (int round = 0; round < rounds_max; ++round) {
    const auto told = tell_once(now);
    if (!told || !told->any) break;
    released = released || !told->released.empty();
  }
  return released;
}

Expected<Told> Repository::tell_once(Time now) {
  Transaction transaction{connection_};
  ESTEIRA_TRY(transaction.begin());
  auto told = ESTEIRA_TRY(tell_dependents(connection_, shard_, now));
  if (!told.any) return told;
  ESTEIRA_TRY(transaction.commit());
  for (const Waiting& one : told.released) {
    if (one.run_at <= now) lanes_.returned(one.type_id, one.priority, one.run_at);
  }
  if (!told.released.empty()) hint();
  return told;
}

void Repository::tell_if_noted(Time now) {
  const auto noted = connection_.read(sql::ends_exist);
  if (noted && noted->truth(0, 0)) tell(now);
}

void Repository::look_again(std::span<const TaskId> children, Time now) {
  const auto looked = connection_.write(sql::parents_ended, ids_param(children));
  if (looked && looked->affected() > 0) tell(now);
}

Expected<bool> Repository::work_dependencies(Time now) {
  const RecursiveLock lock{mutex_};
  const Rows noted = ESTEIRA_TRY(connection_.read(sql::ends_exist));
  if (noted.truth(0, 0) && ESTEIRA_TRY(tell_once(now)).any) return true;
  static const std::string check = inlined(sql::edges_check, ":limit", limits::edges_checked_max);
  Params params;
  params.add(checked_edge_.child).add(checked_edge_.parent);
  const Rows checked = ESTEIRA_TRY(connection_.write(check, std::move(params)));
  const bool all = checked.null(0, 0);
  checked_edge_ =
      all ? Edge{} : Edge{.parent = checked.integer(0, 1), .child = checked.integer(0, 0)};
  return checked.integer(0, 2) > 0;
}

}  // namespace esteira::postgres
