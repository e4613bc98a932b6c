// esteira task edit
#include <memory>

#include <fmt/format.h>

#include "api/task_edit_json.hpp"
#include "base/assert.hpp"
#include "cli/input.hpp"
#include "cli/output.hpp"
#include "cli/task_view.hpp"
#include "cli/trail.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"
#include "domain/limits.hpp"
#include "esteira/service.hpp"

namespace esteira::cli {
namespace {

struct Options {
  TaskId task_id = 0;
  std::optional<std::string> payload;
  std::optional<std::int64_t> priority;
  std::optional<std::string> scheduled_for;
  std::vector<std::string> tags;
  bool no_tags = false;
};

Expected<void> read_schedule(std::string_view text, TaskEdit& edit) {
  if (text == "now") {
    edit.due_now = true;
    return {};
  }
  const auto schedule = ESTEIRA_TRY(parse_schedule(text));
  if (const auto* time = std::get_if<Time>(&schedule)) edit.scheduled_for = *time;
  if (const auto* delay = std::get_if<Duration>(&schedule)) edit.scheduled_in = *delay;
  return {};
}

Expected<TaskEdit> edit_of(const Options& options) {
  TaskEdit edit;
  if (options.payload) edit.payload = ESTEIRA_TRY(read_payload(*options.payload));
  if (options.priority) edit.priority = static_cast<int>(*options.priority);
  if (options.scheduled_for) ESTEIRA_TRY(read_schedule(*options.scheduled_for, edit));
  if (options.no_tags && !options.tags.empty()) {
    return fail(ErrorCode::invalid_argument, "--tag and --no-tags contradict each other");
  }
  if (options.no_tags || !options.tags.empty()) edit.tags = options.tags;
  return edit;
}

Expected<int> run(const GlobalOptions& globals, const Options& options) {
  const auto edit = ESTEIRA_TRY(edit_of(options));
  const auto store = ESTEIRA_TRY(open_store(globals));
  TaskService service(store.repository, store.registry.get(), store.clock);
  const auto change = [&]() -> Expected<EditedTask> {
    auto done = ESTEIRA_TRY(service.edit_task(options.task_id, edit));
    auto [before, after] = api::audited(done.before, done.after);
    ESTEIRA_TRY(note_in_trail(store, {.action = "task.edit",
                                      .target = fmt::format("{}", options.task_id),
                                      .before = std::move(before),
                                      .after = std::move(after)}));
    return done;
  };
  const auto edited = ESTEIRA_TRY(with_trail(store, change));
  print_task(edited.after, globals.json);
  return status::done;
}

void declare(Arguments& arguments, Options& options) {
  arguments.task_id("the task", options.task_id);
  arguments.text({"--payload", "JSON|@FILE|-", "its new data"}, options.payload);
  arguments.integer({"--priority", "N", "higher runs first"},
                    {limits::priority_min, limits::priority_max}, options.priority);
  arguments.text({"--scheduled-for", "TIME|+DELAY|now", "not before, such as +5m"},
                 options.scheduled_for);
  arguments.texts({"--tag", "T", "its labels, instead of those it has; may stand several times"},
                  options.tags);
  arguments.flag("--no-tags", "take all its labels away", options.no_tags);
}

}  // namespace

Verb task_edit_verb() {
  const auto options = std::make_shared<Options>();
  return {.name = "task edit",
          .summary = "Change a waiting task and print it",
          .example = "esteira task edit 42 --priority 5 --scheduled-for now",
          .declare = [options](Arguments& arguments) { declare(arguments, *options); },
          .run = [options](const GlobalOptions& globals) { return run(globals, *options); }};
}

}  // namespace esteira::cli
