// esteira task bulk
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "api/operation_json.hpp"
#include "base/assert.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "cli/trail.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"
#include "service/bulk_service.hpp"

namespace esteira::cli {
namespace {

// How often an operation that another process works at is looked at.
constexpr std::chrono::milliseconds between_looks{100};

struct Options {
  std::string action;
  std::optional<std::string> status;
  std::optional<std::string> type;
  std::optional<std::string> tag;
  std::optional<std::string> created_after;
  std::optional<std::string> created_before;
  bool all = false;
  bool wait = false;
};

Expected<std::optional<Time>> read_time(std::string_view name,
                                        const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  if (auto time = try_parse_time(*text)) return *time;
  return fail(
      ErrorCode::invalid_argument,
      fmt::format("{}: expected a time such as 2024-12-25T00:00:00Z, got '{}'", name, *text));
}

Expected<OperationFilter> filter_of(const Options& options) {
  OperationFilter filter{
      .type = options.type,
      .tag = options.tag,
      .created_after = ESTEIRA_TRY(read_time("--created-after", options.created_after)),
      .created_before = ESTEIRA_TRY(read_time("--created-before", options.created_before))};
  if (options.status) filter.status = ESTEIRA_TRY(parse_task_status(*options.status));
  const bool empty = filter == OperationFilter{};
  if (empty && !options.all) {
    return fail(ErrorCode::invalid_argument, "say which tasks, or --all");
  }
  if (!empty && options.all) {
    return fail(ErrorCode::invalid_argument, "--all and a filter contradict each other");
  }
  return filter;
}

// Works at the operation beside whatever else does, until it ends.
Expected<Operation> finish(const Store& store, Operation operation) {
  Progress progress(std::string(to_text(operation.action)), operation.matched);
  BulkService bulk(store.repository, store.clock);
  while (operation.status == OperationStatus::running) {
    const auto worked =
        ESTEIRA_TRY(store.repository->work_operation(operation.operation_id, store.now()));
    if (worked) {
      operation = *worked;
    } else {
      operation = ESTEIRA_TRY(bulk.find(operation.operation_id));
      if (operation.status == OperationStatus::running) std::this_thread::sleep_for(between_looks);
    }
    progress.show(operation.done, operation.done);
  }
  store.repository->hint();
  return operation;
}

void print_operation(const Operation& operation, bool json) {
  if (json) return print_json(api::operation_to_json(operation));
  Pairs pairs{{"operation_id", fmt::format("{}", operation.operation_id)},
              {"action", std::string(to_text(operation.action))},
              {"filter", to_text(Json(api::filter_to_json(operation.filter)))},
              {"status", std::string(to_text(operation.status))},
              {"matched", count_cell(operation.matched)},
              {"done", count_cell(operation.done)},
              {"applied", count_cell(operation.applied)},
              {"skipped", count_cell(operation.skipped)}};
  if (operation.error_message) pairs.emplace_back("error_message", *operation.error_message);
  print(pairs_text(pairs));
}

Expected<int> run(const GlobalOptions& globals, const Options& options) {
  const auto action = ESTEIRA_TRY(parse_bulk_action(options.action));
  const auto filter = ESTEIRA_TRY(filter_of(options));
  const auto store = ESTEIRA_TRY(open_store(globals));
  const auto start = [&]() -> Expected<Operation> {
    auto begun = ESTEIRA_TRY(BulkService(store.repository, store.clock).start(action, filter));
    ESTEIRA_TRY(note_in_trail(store, {.action = api::audited_action(begun),
                                      .target = fmt::format("{}", begun.operation_id),
                                      .after = api::audited(begun)}));
    return begun;
  };
  auto operation = ESTEIRA_TRY(with_trail(store, start));
  if (options.wait) operation = ESTEIRA_TRY(finish(store, std::move(operation)));
  print_operation(operation, globals.json);
  if (operation.status == OperationStatus::running) {
    print_note("a running serve or worker does it in the background; --wait does it here");
  }
  return operation.status == OperationStatus::failed ? status::failed : status::done;
}

void declare(Arguments& arguments, Options& options) {
  arguments.positional({"ACTION", "", "cancel, retry or delete"}, options.action);
  arguments.text({"--status", "S", "only tasks in this status"}, options.status);
  arguments.text({"--type", "T", "only tasks of this type"}, options.type);
  arguments.text({"--tag", "T", "only tasks with this label"}, options.tag);
  arguments.text({"--created-after", "TIME", "only tasks created then or later"},
                 options.created_after);
  arguments.text({"--created-before", "TIME", "only tasks created before then"},
                 options.created_before);
  arguments.flag("--all", "every task", options.all);
  arguments.flag("--wait", "do it here, and return when it is done", options.wait);
}

}  // namespace

Verb task_bulk_verb() {
  const auto options = std::make_shared<Options>();
  return {.name = "task bulk",
          .summary = "Cancel, retry or delete all tasks that fit a filter",
          .example = "esteira task bulk retry --status FAILED --type HTTP_REQUEST --wait",
          .declare = [options](Arguments& arguments) { declare(arguments, *options); },
          .run = [options](const GlobalOptions& globals) { return run(globals, *options); }};
}

}  // namespace esteira::cli
