// esteira task create
#include <charconv>
#include <memory>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cli/input.hpp"
#include "cli/output.hpp"
#include "cli/task_view.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"
#include "domain/limits.hpp"
#include "domain/rate.hpp"

namespace esteira::cli {
namespace {

struct Options {
  std::string type;
  std::optional<std::string> payload;
  std::optional<std::int64_t> priority;
  std::optional<std::string> scheduled_for;
  std::optional<std::int64_t> max_retries;
  std::optional<std::string> unique_key;
  std::optional<std::string> unique_scope;
  std::optional<Duration> unique_window;
  std::optional<std::string> on_conflict;
  std::optional<std::string> expires_at;
  std::optional<std::string> idempotency_key;
  std::vector<std::string> tags;
  std::optional<Duration> timeout;
  std::vector<std::string> depends_on;
  std::optional<std::string> dependency_rule;
  std::optional<std::string> on_parent_failure;
  std::optional<std::string> batch_id;
  std::optional<std::int64_t> rate_cost;
};

Expected<void> read_parents(const Options& options, TaskOptions& task) {
  for (const auto& text : options.depends_on) {
    TaskId task_id = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, task_id);
    if (error != std::errc{} || rest != end || task_id < 1) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("--depends-on: \"{}\" is no task_id", printable(text)));
    }
    task.depends_on.emplace_back(task_id);
  }
  if (options.dependency_rule) {
    task.dependency_rule = ESTEIRA_TRY(parse_dependency_rule(*options.dependency_rule));
  }
  if (options.on_parent_failure) {
    task.on_parent_failure = ESTEIRA_TRY(parse_parent_failure(*options.on_parent_failure));
  }
  task.batch_id = options.batch_id;
  return {};
}

Expected<void> read_unique(const Options& options, TaskOptions& task) {
  const bool more = options.unique_scope || options.unique_window || options.on_conflict;
  if (more && !options.unique_key) {
    return fail(ErrorCode::invalid_argument,
                "--unique-scope, --unique-seconds and --on-conflict are said of a --unique-key: "
                "give one");
  }
  task.unique_key = options.unique_key;
  if (options.unique_scope) {
    task.unique_scope = ESTEIRA_TRY(parse_unique_scope(*options.unique_scope));
  }
  task.unique_window = options.unique_window;
  if (options.on_conflict) {
    task.on_conflict = ESTEIRA_TRY(parse_on_conflict(*options.on_conflict));
  }
  return {};
}

Expected<NewTask> new_task(const Options& options) {
  NewTask task{.type = options.type, .payload = JsonObject{}};
  if (options.payload) task.payload = ESTEIRA_TRY(read_payload(*options.payload));
  task.options.priority = static_cast<int>(options.priority.value_or(0));
  if (options.scheduled_for) {
    const auto schedule = ESTEIRA_TRY(parse_schedule(*options.scheduled_for));
    if (const auto* time = std::get_if<Time>(&schedule)) task.options.scheduled_for = *time;
    if (const auto* delay = std::get_if<Duration>(&schedule)) task.options.scheduled_in = *delay;
  }
  if (options.max_retries) task.options.max_retries = static_cast<int>(*options.max_retries);
  if (options.expires_at) {
    const auto expiry = ESTEIRA_TRY(parse_schedule(*options.expires_at));
    if (const auto* time = std::get_if<Time>(&expiry)) task.options.expires_at = *time;
    if (const auto* delay = std::get_if<Duration>(&expiry)) task.options.expires_in = *delay;
  }
  ESTEIRA_TRY(read_unique(options, task.options));
  ESTEIRA_TRY(read_parents(options, task.options));
  task.options.idempotency_key = options.idempotency_key;
  task.options.tags = options.tags;
  task.options.rate_cost = options.rate_cost.value_or(1);
  task.options.timeout = options.timeout;
  return task;
}

std::string_view why_not_new(const TaskOptions& options) {
  if (options.on_conflict == OnConflict::refuse) {
    return "the idempotency key had made this task before";
  }
  if (options.idempotency_key) return "no new task: the idempotency key or the unique key named it";
  return options.on_conflict == OnConflict::replace
             ? "no new task: the one that holds the unique key took the new payload and time"
             : "no new task: this one holds the unique key";
}

Expected<int> run(const GlobalOptions& globals, const Options& options) {
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  const auto task = ESTEIRA_TRY(new_task(options));
  const auto made = ESTEIRA_TRY(backend->create(task));
  if (!made.created) print_note(why_not_new(task.options));
  print_task(made.task, globals.json);
  return status::done;
}

void declare(Arguments& arguments, Options& options) {
  arguments.positional({"TYPE", "", "what kind of task, such as HTTP_REQUEST"}, options.type);
  arguments.text({"--payload", "JSON|@FILE|-", "its data (default {})"}, options.payload);
  arguments.integer({"--priority", "N", "higher runs first (default 0)"},
                    {limits::priority_min, limits::priority_max}, options.priority);
  arguments.text({"--scheduled-for", "TIME|+DELAY", "not before, such as +5m"},
                 options.scheduled_for);
  arguments.integer({"--max-retries", "N", "tries after the first (default: the type's)"},
                    {0, limits::max_retries_max}, options.max_retries);
  arguments.text({"--unique-key", "K", "refuse a second waiting or running task with this key"},
                 options.unique_key);
  arguments.choice(
      {"--unique-scope", "S",
       "how long it is held: waiting or running (active), until the start (waiting), or "
       "for a window"},
      {"active", "waiting", "window"}, options.unique_scope);
  arguments.duration({"--unique-seconds", "N", "how long the window is"}, options.unique_window);
  arguments.choice({"--on-conflict", "C",
                    "refuse, return the task that holds the key, or replace its payload and time"},
                   {"refuse", "return", "replace"}, options.on_conflict);
  arguments.text({"--expires-at", "TIME|+DELAY", "cancelled unless it has started by then"},
                 options.expires_at);
  arguments.text({"--idempotency-key", "K", "the same key answers the same task"},
                 options.idempotency_key);
  arguments.texts({"--tag", "T", "a label to find it by; may stand several times"}, options.tags);
  arguments.duration({"--timeout-seconds", "N", "of one attempt (default: the type's)"},
                     options.timeout);
  arguments.texts({"--depends-on", "TASK", "runs only after this one; may stand several times"},
                  options.depends_on);
  arguments.choice({"--dependency-rule", "R", "after they completed (default), or just ended"},
                   {"completed", "ended"}, options.dependency_rule);
  arguments.choice({"--on-parent-failure", "F",
                    "what becomes of it when one of them does not complete (default cancel)"},
                   {"cancel", "run"}, options.on_parent_failure);
  arguments.text({"--batch-id", "B", "the batch that it joins"}, options.batch_id);
  arguments.integer({"--rate-cost", "N", "what of its rates each start takes (default 1)"},
                    {1, rate_count_max}, options.rate_cost);
}

}  // namespace

Verb task_create_verb() {
  const auto options = std::make_shared<Options>();
  return {.name = "task create",
          .summary = "Create a task and print it",
          .example =
              "esteira task create HTTP_REQUEST --payload '{\"url\": "
              "\"https://example.com\"}' --scheduled-for +5m",
          .declare = [options](Arguments& arguments) { declare(arguments, *options); },
          .run = [options](const GlobalOptions& globals) { return run(globals, *options); },
          .speaks_to_server = true};
}

}  // namespace esteira::cli
