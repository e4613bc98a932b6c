#include "cli/task_view.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/task_json.hpp"

namespace esteira::cli {
namespace {

constexpr int note_columns = 60;

// What a person wants to know first of a task in a list: its error, else how far it is.
std::string note_cell(const Task& task) {
  if (task.error_message) return cut_to_width(printable(*task.error_message), note_columns);
  if (task.progress) return fmt::format("{:.0f} %", *task.progress * 100);
  return {};
}

}  // namespace

std::string task_text(const Task& task) {
  Pairs pairs{
      {"task_id", fmt::format("{}", task.task_id)},
      {"type", task.type},
      {"status", std::string(to_text(task.status))},
      {"priority", fmt::format("{}", task.priority)},
      {"retries", fmt::format("{} of {}", task.retries, task.max_retries)},
      {"attempt", fmt::format("{}", task.attempt)},
      {"created_at", time_cell(task.created_at)},
  };
  const auto add_time = [&](const char* name, const std::optional<Time>& time) {
    if (time) pairs.emplace_back(name, time_cell(time));
  };
  const auto add_text = [&](const char* name, const std::optional<std::string>& text) {
    if (text) pairs.emplace_back(name, *text);
  };
  add_time("scheduled_for", task.scheduled_for);
  add_time("started_at", task.started_at);
  add_time("completed_at", task.completed_at);
  if (task.crashes > 0) pairs.emplace_back("crashes", fmt::format("{}", task.crashes));
  if (task.progress) pairs.emplace_back("progress", fmt::format("{:.0f} %", *task.progress * 100));
  if (!task.tags.empty()) pairs.emplace_back("tags", fmt::format("{}", fmt::join(task.tags, ", ")));
  add_time("expires_at", task.expires_at);
  add_text("unique_key", task.unique_key);
  if (task.unique_key && task.unique_scope != UniqueScope::active) {
    pairs.emplace_back("unique_scope", std::string(to_text(task.unique_scope)));
  }
  if (!task.depends_on.empty()) {
    pairs.emplace_back("depends_on", fmt::format("{}", fmt::join(task.depends_on, ", ")));
  }
  add_text("batch_id", task.batch_id);
  if (task.rate_cost != 1) pairs.emplace_back("rate_cost", fmt::format("{}", task.rate_cost));
  add_text("worker", task.worker);
  if (task.encrypted) pairs.emplace_back("encrypted", task.unreadable.value_or("yes"));
  pairs.emplace_back("payload", task.unreadable ? "can't be deciphered" : to_text(task.payload));
  if (!task.result.is_null()) pairs.emplace_back("result", to_text(task.result));
  add_text("error_message", task.error_message);
  return pairs_text(pairs);
}

Table tasks_table(std::span<const Task> tasks) {
  Table table({{"TASK", Align::right},
               {"TYPE"},
               {"STATUS"},
               {"PRIORITY", Align::right},
               {"RETRIES", Align::right},
               {"CREATED (UTC)"},
               {"DUE (UTC)"},
               {"ENDED (UTC)"},
               {"NOTE"}});
  for (const auto& task : tasks) {
    table.add({fmt::format("{}", task.task_id), task.type, std::string(to_text(task.status)),
               fmt::format("{}", task.priority),
               fmt::format("{}/{}", task.retries, task.max_retries), time_cell(task.created_at),
               time_cell(task.scheduled_for), time_cell(task.completed_at), note_cell(task)});
  }
  return table;
}

void print_task(const Task& task, bool json) {
  if (json) {
    print_json(api::task_to_json(task));
  } else {
    print(task_text(task));
  }
}

}  // namespace esteira::cli
