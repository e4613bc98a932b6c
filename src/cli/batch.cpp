// esteira batch create | show | close | cancel | retry
#include <memory>

#include <fmt/format.h>

#include "api/batch_json.hpp"
#include "base/assert.hpp"
#include "cli/backend.hpp"
#include "cli/input.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"

namespace esteira::cli {
namespace {

struct Options {
  std::string batch_id;
  std::optional<std::string> finish_type;
  std::optional<std::string> finish_payload;
  std::optional<std::string> finish_rule;
};

std::string cell(const Json& batch, std::string_view name) {
  const auto* object = batch.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains(name);
  if (value == nullptr || value->is_null()) return "-";
  return printable(value->is_string() ? std::string(value->get_string()) : to_text(*value));
}

void print_batch(const Json& batch, bool json) {
  if (json) return print_json(batch);
  Pairs pairs;
  for (const auto* name : {"batch_id", "created_at", "closed_at", "finished_at", "finish_task_id",
                           "total", "pending", "completed", "failed", "cancelled"}) {
    pairs.emplace_back(name, cell(batch, name));
  }
  print(pairs_text(pairs));
}

Expected<std::optional<NewTask>> finish_of(const Options& options) {
  if (!options.finish_type) {
    if (!options.finish_payload && !options.finish_rule) return std::nullopt;
    return fail(ErrorCode::invalid_argument,
                "--finish-payload and --finish-rule are said of a finish task: give --finish-type");
  }
  NewTask task{.type = *options.finish_type, .payload = JsonObject{}};
  if (options.finish_payload) task.payload = ESTEIRA_TRY(read_payload(*options.finish_payload));
  if (options.finish_rule) {
    task.options.dependency_rule = ESTEIRA_TRY(parse_dependency_rule(*options.finish_rule));
  }
  return task;
}

Expected<int> create(const GlobalOptions& globals, const Options& options) {
  const auto finish = ESTEIRA_TRY(finish_of(options));
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  print_batch(ESTEIRA_TRY(backend->create_batch({options.batch_id, finish})), globals.json);
  return status::done;
}

Expected<int> show(const GlobalOptions& globals, const Options& options) {
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  print_batch(ESTEIRA_TRY(backend->batch(options.batch_id)), globals.json);
  return status::done;
}

Expected<int> close(const GlobalOptions& globals, const Options& options) {
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  print_batch(ESTEIRA_TRY(backend->close_batch(options.batch_id)), globals.json);
  return status::done;
}

// Again until nothing is left to do.
Expected<int> change(const GlobalOptions& globals, const Options& options, BatchAction action) {
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  std::int64_t applied = 0;
  std::int64_t requested = 0;
  Json batch;
  for (bool more = true; more;) {
    const auto done = ESTEIRA_TRY(backend->change_batch(options.batch_id, action));
    applied += done.applied;
    requested += done.requested;
    batch = done.batch;
    more = done.more && done.applied + done.requested > 0;
  }
  if (globals.json) {
    print_json(JsonObject{{"batch", batch}, {"applied", applied}, {"requested", requested}});
    return status::done;
  }
  const bool cancels = action == BatchAction::cancel;
  print_note(fmt::format("{} {}", applied, cancels ? "cancelled" : "wait again"));
  if (requested > 0) print_note(fmt::format("{} run, and are asked to stop", requested));
  print_batch(batch, /*json=*/false);
  return status::done;
}

using Run = Expected<int> (*)(const GlobalOptions&, const Options&);

void declare_id(Arguments& arguments, Options& options) {
  arguments.positional({"BATCH", "", "its batch_id"}, options.batch_id);
}

Verb named_verb(std::string_view name, std::string_view summary, std::string_view example,
                Run run) {
  const auto options = std::make_shared<Options>();
  return {.name = name,
          .summary = summary,
          .example = example,
          .declare = [options](Arguments& arguments) { declare_id(arguments, *options); },
          .run = [options, run](const GlobalOptions& globals) { return run(globals, *options); },
          .speaks_to_server = true};
}

}  // namespace

Verb batch_create_verb() {
  const auto options = std::make_shared<Options>();
  return {.name = "batch create",
          .summary = "Create a batch, with a task that runs when all of it has ended",
          .example =
              "esteira batch create night-2024-12-25 --finish-type HTTP_REQUEST --finish-payload "
              "'{\"url\": \"https://example.com/done\"}'",
          .declare =
              [options](Arguments& arguments) {
                declare_id(arguments, *options);
                arguments.text({"--finish-type", "TYPE", "of the finish task"},
                               options->finish_type);
                arguments.text({"--finish-payload", "JSON|@FILE|-", "of it (default {})"},
                               options->finish_payload);
                arguments.choice({"--finish-rule", "R",
                                  "it runs when all have ended (default), or only when all have "
                                  "completed"},
                                 {"ended", "completed"}, options->finish_rule);
              },
          .run = [options](const GlobalOptions& globals) { return create(globals, *options); },
          .speaks_to_server = true};
}

Verb batch_show_verb() {
  return named_verb("batch show", "Print how the tasks of a batch stand",
                    "esteira batch show night-2024-12-25", show);
}

Verb batch_close_verb() {
  return named_verb("batch close", "Let no task join a batch any more, so that it can finish",
                    "esteira batch close night-2024-12-25", close);
}

Verb batch_cancel_verb() {
  return named_verb("batch cancel", "Cancel all tasks of a batch that have not ended",
                    "esteira batch cancel night-2024-12-25",
                    [](const GlobalOptions& globals, const Options& options) {
                      return change(globals, options, BatchAction::cancel);
                    });
}

Verb batch_retry_verb() {
  return named_verb("batch retry",
                    "Run the tasks of a batch that failed or were cancelled again, in their order",
                    "esteira batch retry night-2024-12-25",
                    [](const GlobalOptions& globals, const Options& options) {
                      return change(globals, options, BatchAction::retry);
                    });
}

}  // namespace esteira::cli
