// Tasks that wait for others: held back when they are created or retried, told when those end.
//
// DESIGN. Who ends a task, or opens it again, only adds a row to task_ends, where others wait for
// it or count it: nobody waits for a lock by that. Telling is a transaction of its own, right after
// or from maintenance. It locks, in this order: rows of task_ends, batches, the orders of the
// children; what others hold just now is passed over and told later. It reads the tasks after it
// has locked them, as they stand then. A child that is created while its parent ends may see
// neither the end nor be seen by it: its creator looks at the parents once more after the commit,
// and maintenance looks at all edges, bit by bit, for what a crash in between has left.
#pragma once

#include <set>
#include <span>
#include <vector>

#include "engines/postgres/change.hpp"
#include "engines/postgres/connection.hpp"
#include "repository/repository.hpp"

namespace esteira::postgres {

// In a transaction: limits::dependants_max dependants at most are told.
struct Told {
  bool any = false;                 // some end is done with
  std::vector<Waiting> released{};  // from now on they wait for nobody
};
[[nodiscard]] Expected<Told> tell_dependents(Runner& runner, int shard, Time now);

// That tasks have ended as said, in the transaction that ends them; those are left out that nobody
// waits for.
[[nodiscard]] Expected<void> note_ends(Runner& runner, std::span<const TaskId> ids,
                                       TaskStatus status);
// A batch may have ended: the caller holds its lock.
[[nodiscard]] Expected<void> look_at_batches(Runner& runner, std::span<const std::int64_t> batches,
                                             Time now);

// Edges, each from a parent to a child.
struct Edge {
  TaskId parent = 0;
  TaskId child = 0;
};
[[nodiscard]] Expected<void> put_edges(Runner& runner, std::span<const Edge> edges);

// A task that is held back, whatever its row says, until an edge that the caller adds is gone.
[[nodiscard]] Expected<TaskId> insert_blocked(Runner& runner, const NewTaskRow& row, Time now);

// New tasks that depend on others, by their places in the insert.
struct HeldBack {
  std::set<std::size_t> places;  // of those that may not run yet
  std::vector<Edge> edges;
  std::vector<TaskId> told;  // parents whose ends are to be told of once more
};
struct Dependant {
  std::size_t place = 0;
  TaskId task_id = 0;
  const TaskTerms* terms = nullptr;
};
// `fresh`: the tasks of the same insert, which do not exist yet; in order. Keeps the other parents
// from being deleted until the transaction's end.
[[nodiscard]] Expected<HeldBack> hold_back(Runner& runner, std::span<const Dependant> dependants,
                                           std::span<const TaskId> fresh);

// One more task for each of these batches, which are made where there are none. Answers their
// numbers by place. conflict: one is closed.
struct Joiner {
  std::size_t place = 0;
  TaskId task_id = 0;
  std::string_view batch_id;
};
[[nodiscard]] Expected<void> join_batches(Runner& runner, std::span<const Joiner> joiners,
                                          Time now);

}  // namespace esteira::postgres
