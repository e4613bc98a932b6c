// Retention: finds ended tasks that are past their time, and deletes them.
#pragma once

#include <vector>

#include "engines/sqlite/connection.hpp"
#include "repository/repository.hpp"

namespace esteira::sqlite {

// Looks for candidates by task_id, which follows age, instead of by an index on completed_at: such
// an index would cost every finish an entry, for a question that is asked once a minute. It
// remembers how far it has looked and starts over now and then, for tasks that ended late.
class Pruner {
 public:
  // Ids of up to `request.limit` tasks to delete. Needs no transaction.
  [[nodiscard]] Expected<std::vector<TaskId>> find(Connection& connection,
                                                   const PruneRequest& request, Time now);
  // Deletes those that still are what was found; answers how many. In a transaction, which the
  // caller commits next: the archive (may be null) has kept them by then.
  [[nodiscard]] static Expected<std::int64_t> erase(Connection& connection,
                                                    const std::vector<TaskId>& ids,
                                                    TaskArchive* archive);

 private:
  [[nodiscard]] Expected<std::vector<TaskId>> find_after(Connection& connection, TaskId after,
                                                         const PruneRequest& request, Time now,
                                                         TaskId& looked_to);

  TaskId looked_to_ = 0;  // by the types' own retentions
  Time started_over_at_{};
};

// Old statistics, idempotency keys, workers and operations, each in bounded batches. Opens a
// transaction only when there is something to delete.
[[nodiscard]] Expected<void> tidy(Connection& connection, Time now);

}  // namespace esteira::sqlite
