// esteira task cancel | retry | delete
#include <algorithm>
#include <memory>
#include <unordered_set>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"

namespace esteira::cli {
namespace {

// How the three verbs differ.
struct Words {
  TaskChange change;
  std::string_view applied;       // what is said of a task when it worked
  std::string_view wrong_status;  // and when its status does not allow it
};

int exit_of(ChangeStatus status) {
  switch (status) {
    case ChangeStatus::applied:
    case ChangeStatus::requested:
      return status::done;
    case ChangeStatus::wrong_status:
    case ChangeStatus::unique_conflict:
      return status::failed;
    case ChangeStatus::not_found:
      return status::not_found;
  }
  return status::failed;
}

std::string sentence(const Words& words, TaskId task_id, ChangeStatus status) {
  switch (status) {
    case ChangeStatus::applied:
      return fmt::format("task {} {}", task_id, words.applied);
    case ChangeStatus::requested:
      return fmt::format("task {} runs: its worker stops it within a heartbeat", task_id);
    case ChangeStatus::wrong_status:
      return fmt::format("task {} {}", task_id, words.wrong_status);
    case ChangeStatus::unique_conflict:
      return fmt::format("another task holds the unique key of task {}: end that one first",
                         task_id);
    case ChangeStatus::not_found:
      return fmt::format("there is no task {}", task_id);
  }
  return {};
}

// A task named twice is changed once.
std::vector<TaskId> without_repeats(const std::vector<TaskId>& ids) {
  std::vector<TaskId> once;
  std::unordered_set<TaskId> seen;
  for (const auto id : ids) {
    if (seen.insert(id).second) once.push_back(id);
  }
  return once;
}

Expected<int> run(const GlobalOptions& globals, const Words& words,
                  const std::vector<TaskId>& given) {
  const auto ids = without_repeats(given);
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  auto changes = backend->change(words.change, ids);
  int worst = status::done;
  JsonArray answers;
  for (std::size_t i = 0; i < changes.statuses.size(); ++i) {
    const auto status = changes.statuses[i];
    const auto text = sentence(words, ids[i], status);
    const int one = exit_of(status);
    worst = std::max(worst, one);
    answers.push_back(JsonObject{{"task_id", ids[i]}, {"status", word(status)}});
    if (one != status::done) {
      print_error({.message = text});
    } else if (!globals.json) {
      print(text + "\n");
    }
  }
  if (globals.json && !answers.empty()) print_json(answers);
  if (changes.error) return std::unexpected(*std::move(changes.error));
  return worst;
}

Verb change_verb(std::string_view name, std::string_view summary, std::string_view example,
                 Words words) {
  const auto ids = std::make_shared<std::vector<TaskId>>();
  return {.name = name,
          .summary = summary,
          .example = example,
          .declare = [ids](Arguments& arguments) { arguments.task_ids("the tasks", *ids); },
          .run = [ids, words](const GlobalOptions& globals) { return run(globals, words, *ids); },
          .speaks_to_server = true};
}

}  // namespace

Verb task_cancel_verb() {
  return change_verb("task cancel", "End waiting tasks, and ask running ones to stop",
                     "esteira task cancel 42 43",
                     {.change = TaskChange::cancel,
                      .applied = "is cancelled",
                      .wrong_status = "has ended already"});
}

Verb task_retry_verb() {
  return change_verb("task retry", "Run ended tasks again, with their history kept",
                     "esteira task retry 42",
                     {.change = TaskChange::retry,
                      .applied = "waits again",
                      .wrong_status = "has not ended: only an ended task is retried"});
}

Verb task_delete_verb() {
  return change_verb("task delete", "Remove tasks and all that is kept of them",
                     "esteira task delete 42",
                     {.change = TaskChange::remove,
                      .applied = "is deleted",
                      .wrong_status = "runs: cancel it first"});
}

}  // namespace esteira::cli
