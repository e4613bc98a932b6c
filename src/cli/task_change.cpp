// esteira task cancel | retry | delete
#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <unordered_set>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cli/output.hpp"
#include "cli/trail.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"

namespace esteira::cli {
namespace {

constexpr std::size_t ids_at_once = 500;

using Statuses = Expected<std::vector<ChangeStatus>>;

// How the three verbs differ.
struct Change {
  std::string_view action;  // as the audit trail names it
  std::function<Statuses(TaskRepository&, std::span<const TaskId>, Time)> apply;
  std::string_view applied;       // what is said of a task when it worked
  std::string_view wrong_status;  // and when its status does not allow it
};

std::string_view word(ChangeStatus status) {
  switch (status) {
    case ChangeStatus::applied:
      return "applied";
    case ChangeStatus::requested:
      return "requested";
    case ChangeStatus::wrong_status:
      return "wrong_status";
    case ChangeStatus::unique_conflict:
      return "unique_conflict";
    case ChangeStatus::not_found:
      return "not_found";
  }
  return "";
}

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

std::string sentence(const Change& change, TaskId task_id, ChangeStatus status) {
  switch (status) {
    case ChangeStatus::applied:
      return fmt::format("task {} {}", task_id, change.applied);
    case ChangeStatus::requested:
      return fmt::format("task {} runs: its worker stops it within a heartbeat", task_id);
    case ChangeStatus::wrong_status:
      return fmt::format("task {} {}", task_id, change.wrong_status);
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

Expected<std::vector<ChangeStatus>> apply_all(const Change& change, const Store& store,
                                              std::span<const TaskId> ids) {
  std::vector<ChangeStatus> all;
  while (!ids.empty()) {
    const auto some = ids.first(std::min(ids.size(), ids_at_once));
    const auto statuses = ESTEIRA_TRY(change.apply(*store.repository, some, store.now()));
    all.insert(all.end(), statuses.begin(), statuses.end());
    ids = ids.subspan(some.size());
  }
  store.repository->hint();
  return all;
}

// An entry for each task that was changed.
Expected<void> note_all(const Change& change, const Store& store, std::span<const TaskId> ids,
                        std::span<const ChangeStatus> statuses) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (exit_of(statuses[i]) != status::done) continue;
    const Json after = JsonObject{{"status", word(statuses[i])}};
    ESTEIRA_TRY(note_in_trail(store, {.action = std::string(change.action),
                                      .target = fmt::format("{}", ids[i]),
                                      .after = to_text(after)}));
  }
  return {};
}

Expected<int> run(const GlobalOptions& globals, const Change& change,
                  const std::vector<TaskId>& given) {
  const auto ids = without_repeats(given);
  const auto store = ESTEIRA_TRY(open_store(globals));
  const auto statuses = ESTEIRA_TRY(apply_all(change, store, ids));
  int worst = status::done;
  JsonArray answers;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto text = sentence(change, ids[i], statuses[i]);
    const int one = exit_of(statuses[i]);
    worst = std::max(worst, one);
    answers.push_back(JsonObject{{"task_id", ids[i]}, {"status", word(statuses[i])}});
    if (one != status::done) {
      print_error({.message = text});
    } else if (!globals.json) {
      print(text + "\n");
    }
  }
  if (globals.json) print_json(answers);
  ESTEIRA_TRY(note_all(change, store, ids, statuses));
  return worst;
}

Verb change_verb(std::string_view name, std::string_view summary, std::string_view example,
                 Change change) {
  const auto ids = std::make_shared<std::vector<TaskId>>();
  return {
      .name = name,
      .summary = summary,
      .example = example,
      .declare = [ids](Arguments& arguments) { arguments.task_ids("the tasks", *ids); },
      .run = [ids, change](const GlobalOptions& globals) { return run(globals, change, *ids); }};
}

}  // namespace

Verb task_cancel_verb() {
  return change_verb(
      "task cancel", "End waiting tasks, and ask running ones to stop", "esteira task cancel 42 43",
      {.action = "task.cancel",
       .apply = [](auto& repository, auto ids, auto now) { return repository.cancel(ids, now); },
       .applied = "is cancelled",
       .wrong_status = "has ended already"});
}

Verb task_retry_verb() {
  return change_verb(
      "task retry", "Run ended tasks again, with their history kept", "esteira task retry 42",
      {.action = "task.retry",
       .apply = [](auto& repository, auto ids, auto now) { return repository.retry(ids, now); },
       .applied = "waits again",
       .wrong_status = "has not ended: only an ended task is retried"});
}

Verb task_delete_verb() {
  return change_verb(
      "task delete", "Remove tasks and all that is kept of them", "esteira task delete 42",
      {.action = "task.delete",
       .apply = [](auto& repository, auto ids, auto now) { return repository.remove(ids, now); },
       .applied = "is deleted",
       .wrong_status = "runs: cancel it first"});
}

}  // namespace esteira::cli
