// Tasks that wait for others: what the ends of its parents mean for a child, and which tasks of a
// batch a retry takes along.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "domain/outcome.hpp"
#include "domain/task_terms.hpp"
#include "esteira/error.hpp"
#include "esteira/task.hpp"

namespace esteira {

// How the parents of one child stand, counted. One that was removed while it waited counts as
// cancelled; those whose ends were taken note of before need not be counted again.
struct ParentEnds {
  std::int64_t open = 0;  // they wait or run
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t cancelled = 0;
};

enum class ChildFate : std::uint8_t { wait, run, cancel };

//   rule      | a parent ended badly | parents are open | fate
//   completed | and cancel           |                  | cancel
//   any       | otherwise            | yes              | wait
//   any       | otherwise            | no               | run
[[nodiscard]] ChildFate decide_child(const TaskTerms& child, const ParentEnds& parents);

// How a child ends whose parent ended badly.
[[nodiscard]] inline outcome::Cancelled parent_failed() {
  return {.reason = "a task that it depends on did not complete",
          .metadata = R"({"parent_failed":true})"};
}

[[nodiscard]] bool has_ended(TaskStatus status);
void count_parent(TaskStatus status, ParentEnds& ends);

// What a store says of a new task, at its place in an insert: a parent does not exist; its batch
// takes no more.
[[nodiscard]] std::unexpected<Error> no_parent(std::size_t place, std::size_t parent,
                                               TaskId parent_id);
[[nodiscard]] std::unexpected<Error> batch_is_closed(std::size_t place, std::string_view batch_id);
[[nodiscard]] std::unexpected<Error> batch_exists(std::string_view batch_id);

// A task that ended badly and that a retry of its batch may take along.
struct EndedTask {
  TaskId task_id = 0;
  TaskTerms terms;
};
// Which of them wait again, parents before their children: those whose parents, as they then stand,
// let them live. `standing`: the status of every parent that is not among them; one that is not
// there no longer exists, and holds nobody back.
[[nodiscard]] std::vector<TaskId> plan_retry(std::span<const EndedTask> ended,
                                             const std::map<TaskId, TaskStatus>& standing);

}  // namespace esteira
