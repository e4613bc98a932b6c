// Unique keys: who holds one, and from when to when.
//
// DESIGN. A row of task_unique belongs to one task, and goes with that task's own place: a claim,
// an end or a removal locks the task first (its lease, its row in the queue, its order) and then
// its key. Those who want keys go the same way round: they insert those that nobody holds, in key
// order, waiting only for who is inserting or deleting the same one; then they lock holders that
// they replace; then take over windows that have ended, in key order. A holder is read without a
// lock. Where one moved meanwhile, all that the look has taken is given back before the next. So
// nobody waits in a circle.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "engines/postgres/change.hpp"
#include "engines/postgres/connection.hpp"
#include "repository/repository.hpp"

namespace esteira::postgres {

// That a task is to hold a key.
struct KeyWish {
  TypeId type_id = 0;
  std::string_view key;
  TaskId task_id = 0;
  UniqueScope scope = UniqueScope::active;
  std::optional<Time> until{};
};

// The keys that nobody holds, for the tasks that are answered.
[[nodiscard]] Expected<std::set<TaskId>> take_free_keys(Runner& runner,
                                                        std::span<const KeyWish> wishes);
// The same of those whose windows have ended.
[[nodiscard]] Expected<std::set<TaskId>> take_ended_windows(Runner& runner,
                                                            std::span<const KeyWish> wishes,
                                                            Time now);
struct KeyHolder {
  TaskId task_id = 0;
  bool ended = false;  // its window
};
// By the wish's task; a key that nobody holds, or that is held by the wish's own task, has none.
[[nodiscard]] Expected<std::map<TaskId, KeyHolder>> read_holders(Runner& runner,
                                                                 std::span<const KeyWish> wishes,
                                                                 Time now);
// Until `look` answers true. `guarded`: what one that answers false has taken is undone.
[[nodiscard]] Expected<void> try_looks(Runner& runner, bool guarded,
                                       const std::function<Expected<bool>()>& look);
// All that others do not hold.
[[nodiscard]] Expected<std::set<TaskId>> take_unique_keys(Runner& runner,
                                                          std::span<const KeyWish> wishes,
                                                          Time now);

// What a holder that waits is to become: the task's row, by the holder.
using Replacements = std::map<TaskId, const NewTaskRow*>;
// All or none. Nothing: a holder moved meanwhile, and another look tells what is so now. conflict:
// a holder does not wait.
[[nodiscard]] Expected<std::optional<std::vector<Waiting>>> replace_holders(
    Runner& runner, const Replacements& replacements, std::span<const KeyWish> wishes, Time now);

}  // namespace esteira::postgres
