// esteira task show | list | executions
#include <memory>

#include <fmt/format.h>

#include "api/task_json.hpp"
#include "base/assert.hpp"
#include "cli/output.hpp"
#include "cli/task_view.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"
#include "domain/limits.hpp"

namespace esteira::cli {
namespace {

struct ListOptions {
  std::optional<std::string> status;
  std::optional<std::string> type;
  std::optional<std::string> tag;
  std::optional<std::string> batch_id;
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> cursor;
};

void print_log_lines(const std::vector<LogLine>& lines) {
  if (lines.empty()) return;
  Table table({{"ATTEMPT", Align::right}, {"AT (UTC)"}, {"LEVEL"}, {"LOG"}});
  for (const auto& line : lines) {
    table.add({fmt::format("{}", line.attempt), time_cell(line.at),
               std::string(to_text(line.level)), line.text});
  }
  print("\n");
  print_table(table);
}

Expected<int> show(const GlobalOptions& globals, TaskId task_id) {
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  print_task(ESTEIRA_TRY(backend->task(task_id)), globals.json);
  if (!globals.json) print_log_lines(ESTEIRA_TRY(backend->log_lines(task_id)));
  return status::done;
}

Expected<TaskFilter> to_filter(const ListOptions& options) {
  TaskFilter filter;
  if (options.status) filter.status = ESTEIRA_TRY(parse_task_status(*options.status));
  if (options.type) filter.type = canonical_type_name(*options.type);
  filter.tag = options.tag;
  filter.batch_id = options.batch_id;
  filter.before_id = options.cursor;
  filter.limit = static_cast<int>(options.limit.value_or(filter.limit));
  return filter;
}

Expected<int> list(const GlobalOptions& globals, const ListOptions& options) {
  const auto filter = ESTEIRA_TRY(to_filter(options));
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  const auto tasks = ESTEIRA_TRY(backend->tasks(filter));
  if (globals.json) {
    JsonArray all;
    for (const auto& task : tasks) all.push_back(api::task_to_json(task));
    print_json(all);
    return status::done;
  }
  if (tasks.empty()) {
    print("no tasks\n");
    return status::done;
  }
  print_table(tasks_table(tasks));
  if (tasks.size() == static_cast<std::size_t>(filter.limit)) {
    print(fmt::format("\nolder ones: --cursor {}\n", tasks.back().task_id));
  }
  return status::done;
}

void print_executions(const std::vector<Execution>& executions) {
  Table table(
      {{"ATTEMPT", Align::right}, {"STATUS"}, {"STARTED (UTC)"}, {"RAN", Align::right}, {"ERROR"}});
  for (const auto& execution : executions) {
    const auto ran =
        execution.completed_at
            ? format_duration(std::max(Duration{0}, *execution.completed_at - execution.started_at))
            : std::string("-");
    table.add({fmt::format("{}", execution.attempt), std::string(to_text(execution.status)),
               time_cell(execution.started_at), ran, execution.error_message.value_or("")});
  }
  table.empty() ? print("not started yet\n") : print_table(table);
}

Expected<int> executions(const GlobalOptions& globals, TaskId task_id) {
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  const auto all = ESTEIRA_TRY(backend->executions(task_id));
  if (!globals.json) {
    print_executions(all);
    return status::done;
  }
  JsonArray array;
  for (const auto& execution : all) array.push_back(api::execution_to_json(execution));
  print_json(array);
  return status::done;
}

std::vector<std::string> status_names() {
  std::vector<std::string> names;
  for (int i = 0; i < task_statuses; ++i) names.emplace_back(to_text(static_cast<TaskStatus>(i)));
  return names;
}

}  // namespace

Verb task_show_verb() {
  const auto task_id = std::make_shared<TaskId>(0);
  return {.name = "task show",
          .summary = "Print one task",
          .example = "esteira task show 42",
          .declare = [task_id](Arguments& a) { a.task_id("the task", *task_id); },
          .run = [task_id](const GlobalOptions& globals) { return show(globals, *task_id); },
          .speaks_to_server = true};
}

Verb task_executions_verb() {
  const auto task_id = std::make_shared<TaskId>(0);
  return {.name = "task executions",
          .summary = "Print the attempts of a task, oldest first",
          .example = "esteira task executions 42",
          .declare = [task_id](Arguments& a) { a.task_id("the task", *task_id); },
          .run = [task_id](const GlobalOptions& globals) { return executions(globals, *task_id); },
          .speaks_to_server = true};
}

Verb task_list_verb() {
  const auto options = std::make_shared<ListOptions>();
  return {.name = "task list",
          .summary = "List tasks, newest first",
          .example = "esteira task list --status FAILED --type HTTP_REQUEST --limit 20",
          .declare =
              [options](Arguments& arguments) {
                arguments.choice({"--status", "S", "PENDING, PROCESSING, COMPLETED, …"},
                                 status_names(), options->status);
                arguments.text({"--type", "T", "only tasks of this type"}, options->type);
                arguments.text({"--tag", "T", "only tasks with this tag"}, options->tag);
                arguments.text({"--batch-id", "B", "only tasks of this batch"}, options->batch_id);
                arguments.integer({"--limit", "N", "how many (default 50)"},
                                  {1, static_cast<std::int64_t>(limits::page_items_max)},
                                  options->limit);
                arguments.integer({"--cursor", "C", "go on below this task_id"},
                                  {1, std::numeric_limits<std::int64_t>::max()}, options->cursor);
              },
          .run = [options](const GlobalOptions& globals) { return list(globals, *options); },
          .speaks_to_server = true};
}

}  // namespace esteira::cli
