// esteira schedule list | show | set | delete | preview | run | pause | resume
#include <memory>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cli/backend.hpp"
#include "cli/input.hpp"
#include "cli/output.hpp"
#include "cli/task_view.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"
#include "domain/limits.hpp"

namespace esteira::cli {
namespace {

constexpr int preview_default = 5;

struct Options {
  std::string name;
  std::optional<std::string> cron;
  std::optional<std::string> timezone;
  std::optional<std::string> type;
  std::optional<std::string> payload;
  std::optional<std::int64_t> priority;
  std::optional<std::int64_t> max_retries;
  std::vector<std::string> tags;
  std::optional<std::string> missed;
  std::optional<Duration> missed_window;
  std::optional<std::int64_t> missed_max;
  std::optional<std::string> overlap;
  std::optional<std::int64_t> count;
};

// A field of a schedule's document, for people: "-" where there is none.
std::string cell(const Json& schedule, std::string_view name) {
  const auto* object = schedule.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains(name);
  if (value == nullptr || value->is_null()) return "-";
  return printable(value->is_string() ? std::string(value->get_string()) : to_text(*value));
}

std::string state(const Json& schedule) {
  return cell(schedule, "paused") == "true" ? "paused" : "active";
}

Expected<int> list(const GlobalOptions& globals) {
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  const auto schedules = ESTEIRA_TRY(backend->schedules());
  if (globals.json) {
    print_json(schedules);
    return status::done;
  }
  Table table({{"SCHEDULE"},
               {"STATE"},
               {"CRON"},
               {"TIME ZONE"},
               {"TYPE"},
               {"NEXT"},
               {"LAST"},
               {"LAST TASK", Align::right},
               {"LAG", Align::right}});
  for (const auto& one : schedules) {
    table.add({cell(one, "name"), state(one), cell(one, "cron"), cell(one, "timezone"),
               cell(one, "type"), cell(one, "next_at"), cell(one, "last_nominal_at"),
               cell(one, "last_task_id"), cell(one, "lag_seconds")});
  }
  print_table(table);
  return status::done;
}

void print_schedule(const Json& schedule, bool json) {
  if (json) return print_json(schedule);
  Pairs pairs;
  for (const auto* name : {"name", "cron", "timezone", "type", "payload", "priority", "max_retries",
                           "tags", "missed", "missed_window_seconds", "missed_max", "overlap"}) {
    pairs.emplace_back(name, cell(schedule, name));
  }
  pairs.emplace_back("state", state(schedule));
  for (const auto* name : {"next_at", "queued_at", "last_nominal_at", "last_task_id", "lag_seconds",
                           "created_at", "updated_at"}) {
    pairs.emplace_back(name, cell(schedule, name));
  }
  print(pairs_text(pairs));
}

Expected<int> show(const GlobalOptions& globals, const Options& options) {
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  print_schedule(ESTEIRA_TRY(backend->schedule(options.name)), globals.json);
  return status::done;
}

Expected<ScheduleChange> to_change(const Options& options) {
  ScheduleChange change{.cron = options.cron,
                        .timezone = options.timezone,
                        .type = options.type,
                        .missed_window = options.missed_window};
  if (options.payload) change.payload = ESTEIRA_TRY(read_payload(*options.payload));
  if (options.priority) change.priority = static_cast<int>(*options.priority);
  if (options.max_retries) change.max_retries = static_cast<int>(*options.max_retries);
  if (!options.tags.empty()) change.tags = options.tags;
  if (options.missed) change.missed = ESTEIRA_TRY(parse_missed_policy(*options.missed));
  if (options.missed_max) change.missed_max = static_cast<int>(*options.missed_max);
  if (options.overlap) change.overlap = ESTEIRA_TRY(parse_overlap_policy(*options.overlap));
  return change;
}

Expected<int> set(const GlobalOptions& globals, const Options& options) {
  const auto change = ESTEIRA_TRY(to_change(options));
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  const auto made = ESTEIRA_TRY(backend->set_schedule(options.name, change));
  if (made.created) print_note(fmt::format("schedule {} is new", options.name));
  print_schedule(made.schedule, globals.json);
  return status::done;
}

Expected<int> remove(const GlobalOptions& globals, const Options& options) {
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  ESTEIRA_TRY(backend->remove_schedule(options.name));
  if (globals.json) {
    print_json(JsonObject{{"name", options.name}, {"status", "deleted"}});
  } else {
    print(fmt::format("schedule {} is deleted; the tasks that it made stay\n", options.name));
  }
  return status::done;
}

Expected<int> preview(const GlobalOptions& globals, const Options& options) {
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  const auto count = static_cast<int>(options.count.value_or(preview_default));
  const auto instants = ESTEIRA_TRY(backend->preview_schedule(options.name, count));
  if (globals.json) {
    print_json(instants);
    return status::done;
  }
  Table table({{"LOCAL TIME"}, {"UTC"}});
  for (const auto& one : instants) table.add({cell(one, "local"), cell(one, "nominal_at")});
  print_table(table);
  return status::done;
}

Expected<int> run_now(const GlobalOptions& globals, const Options& options) {
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  print_task(ESTEIRA_TRY(backend->run_schedule(options.name)), globals.json);
  return status::done;
}

Expected<int> set_paused(const GlobalOptions& globals, const Options& options, bool paused) {
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  const auto schedule = ESTEIRA_TRY(backend->pause_schedule(options.name, paused));
  if (globals.json) {
    print_json(schedule);
  } else {
    print(fmt::format("schedule {} {}\n", options.name,
                      paused ? "is paused: it makes no tasks" : "makes tasks again, from now on"));
  }
  return status::done;
}

void declare_name(Arguments& arguments, Options& options) {
  arguments.positional({"NAME", "", "the schedule"}, options.name);
}

void declare(Arguments& arguments, Options& options) {
  arguments.positional({"NAME", "", "the schedule; created if there is none"}, options.name);
  arguments.text({"--cron", "EXPRESSION", "minute hour day month weekday, or @daily, @every 5m"},
                 options.cron);
  arguments.text({"--timezone", "ZONE", "an IANA name (default UTC)"}, options.timezone);
  arguments.text({"--type", "TYPE", "of the tasks that it makes"}, options.type);
  arguments.text({"--payload", "JSON|@FILE|-", "of its tasks (default {})"}, options.payload);
  arguments.integer({"--priority", "N", "of its tasks (default 0)"},
                    {limits::priority_min, limits::priority_max}, options.priority);
  arguments.integer({"--max-retries", "N", "of its tasks (default: the type's)"},
                    {0, limits::max_retries_max}, options.max_retries);
  arguments.texts({"--tag", "T", "of its tasks, instead of those it has; may stand several times"},
                  options.tags);
  arguments.choice(
      {"--missed", "POLICY", "of times at which nothing ran: skip, one (default), all"},
      {"skip", "one", "all"}, options.missed);
  arguments.duration({"--missed-window", "TIME", "how far back it looks for them (default 1d)"},
                     options.missed_window);
  arguments.integer({"--missed-max", "N", "how many of them `all` makes up (default 100)"},
                    {1, limits::missed_max_max}, options.missed_max);
  arguments.choice({"--overlap", "POLICY",
                    "while its last task has not ended: allow (default), skip, queue, "
                    "cancel"},
                   {"allow", "skip", "queue", "cancel"}, options.overlap);
}

using Run = Expected<int> (*)(const GlobalOptions&, const Options&);

// A verb that takes a name and nothing else.
Verb named_verb(std::string_view name, std::string_view summary, std::string_view example,
                Run run) {
  const auto options = std::make_shared<Options>();
  return {.name = name,
          .summary = summary,
          .example = example,
          .declare = [options](Arguments& arguments) { declare_name(arguments, *options); },
          .run = [options, run](const GlobalOptions& globals) { return run(globals, *options); },
          .speaks_to_server = true};
}

}  // namespace

Verb schedule_list_verb() {
  return {.name = "schedule list",
          .summary = "List the schedules",
          .example = "esteira schedule list",
          .declare = {},
          .run = list,
          .speaks_to_server = true};
}

Verb schedule_show_verb() {
  return named_verb("schedule show", "Show a schedule", "esteira schedule show morning-report",
                    show);
}

Verb schedule_set_verb() {
  const auto options = std::make_shared<Options>();
  return {.name = "schedule set",
          .summary = "Create a schedule, or change what is given of it",
          .example =
              "esteira schedule set morning-report --cron \"0 9 * * 1-5\" --timezone "
              "America/Sao_Paulo --type REPORT_BUILD --payload '{\"report\": \"daily\"}'",
          .declare = [options](Arguments& arguments) { declare(arguments, *options); },
          .run = [options](const GlobalOptions& globals) { return set(globals, *options); },
          .speaks_to_server = true};
}

Verb schedule_delete_verb() {
  return named_verb("schedule delete", "Delete a schedule; the tasks that it made stay",
                    "esteira schedule delete morning-report", remove);
}

Verb schedule_preview_verb() {
  const auto options = std::make_shared<Options>();
  return {.name = "schedule preview",
          .summary = "Show a schedule's next instants",
          .example = "esteira schedule preview morning-report --count 10",
          .declare =
              [options](Arguments& arguments) {
                declare_name(arguments, *options);
                arguments.integer({"--count", "N", "how many (default 5)"},
                                  {1, limits::preview_instants_max}, options->count);
              },
          .run = [options](const GlobalOptions& globals) { return preview(globals, *options); },
          .speaks_to_server = true};
}

Verb schedule_run_verb() {
  return named_verb("schedule run", "Make one task of a schedule now, and print it",
                    "esteira schedule run morning-report", run_now);
}

Verb schedule_pause_verb() {
  return named_verb("schedule pause", "Make no more tasks of a schedule",
                    "esteira schedule pause morning-report",
                    [](const GlobalOptions& globals, const Options& options) {
                      return set_paused(globals, options, true);
                    });
}

Verb schedule_resume_verb() {
  return named_verb("schedule resume", "Make tasks of a paused schedule again",
                    "esteira schedule resume morning-report",
                    [](const GlobalOptions& globals, const Options& options) {
                      return set_paused(globals, options, false);
                    });
}

}  // namespace esteira::cli
