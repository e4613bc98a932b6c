// esteira type list | set | pause | resume
#include <charconv>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "api/task_json.hpp"
#include "base/assert.hpp"
#include "cli/input.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"
#include "domain/limits.hpp"

namespace esteira::cli {
namespace {

constexpr std::size_t schema_bytes_max = 256 * 1024;
constexpr int description_columns = 50;

struct Options {
  std::string name;
  std::optional<std::string> description;
  std::optional<std::int64_t> max_retries;
  std::optional<Duration> timeout;
  std::optional<Duration> back_off_base;
  std::optional<double> back_off_factor;
  std::optional<Duration> back_off_cap;
  std::optional<std::string> back_off_jitter;
  std::optional<std::string> schema;
  std::optional<Duration> completed;
  std::optional<Duration> failed;
  std::optional<Duration> cancelled;
  std::optional<std::int64_t> concurrency;
  std::optional<std::string> rate;
  std::optional<std::string> flow_key;
  std::optional<std::int64_t> flow_concurrency;
  std::optional<std::string> flow_rate;
  std::optional<std::string> flow_ordered;
  std::vector<std::string> flow_weights;
  std::optional<double> breaker_rate;
  std::optional<std::int64_t> breaker_attempts;
  std::optional<Duration> breaker_window;
  std::optional<Duration> breaker_open;
  std::optional<std::int64_t> breaker_probes;
  std::optional<std::string> max_waiting;
  std::optional<std::string> encrypted;
};

std::string waiting_cell(const TaskType& type, std::string_view none) {
  return type.flow.max_waiting ? fmt::format("{}", *type.flow.max_waiting) : std::string(none);
}

Expected<int> list(const GlobalOptions& globals) {
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  const auto types = ESTEIRA_TRY(backend->types());
  if (globals.json) {
    JsonArray all;
    for (const auto& type : types) all.push_back(api::type_to_json(type));
    print_json(all);
    return status::done;
  }
  // Which processors are built in is the program's own; no setting changes it.
  const auto registry = make_registry({});
  Table table({{"TYPE"},
               {"STATE"},
               {"RETRIES", Align::right},
               {"TIMEOUT", Align::right},
               {"MAX WAITING", Align::right},
               {"SCHEMA"},
               {"PROCESSOR"},
               {"DESCRIPTION"}});
  for (const auto& type : types) {
    const bool has_processor = registry->find(type.name) != nullptr;
    table.add({type.name, type.paused ? "paused" : "active", fmt::format("{}", type.max_retries),
               format_duration(type.timeout), waiting_cell(type, "-"),
               type.payload_schema.empty() ? "-" : "yes", has_processor ? "built in" : "-",
               cut_to_width(printable(type.description), description_columns)});
  }
  print_table(table);
  return status::done;
}

std::string breaker_text(const TaskType& type) {
  if (!type.flow.breaker) return "none";
  const auto& policy = *type.flow.breaker;
  auto text = fmt::format("at {} failed of {} in {}, for {}, then {} tried", policy.failure_rate,
                          policy.attempts, format_duration(policy.window),
                          format_duration(policy.open), policy.probes);
  if (type.breaker.phase == BreakerPhase::half_open) return text + ": being tried";
  if (type.breaker.phase != BreakerPhase::open) return text;
  return text + fmt::format(": OPEN until {}", format_time(type.breaker.until));
}

std::string flow_text(const FlowPolicy& flow) {
  if (!flow.key) return "none";
  auto text = fmt::format("by {}", *flow.key);
  if (flow.ordered) text += ", one after the other";
  if (flow.key_concurrency) text += fmt::format(", {} at once", *flow.key_concurrency);
  if (flow.key_rate) text += fmt::format(", {}", *flow.key_rate);
  for (const auto& [key, weight] : flow.weights) {
    text += fmt::format(", {} turns for '{}'", weight, printable(key));
  }
  return text;
}

void print_type(const TaskType& type, bool json) {
  if (json) return print_json(api::type_to_json(type));
  print(pairs_text({
      {"name", type.name},
      {"description", type.description},
      {"state", type.paused ? "paused" : "active"},
      {"max_retries", fmt::format("{}", type.max_retries)},
      {"timeout", format_duration(type.timeout)},
      {"back-off", fmt::format("{} × {} up to {}{}", format_duration(type.back_off.base),
                               type.back_off.factor, format_duration(type.back_off.cap),
                               type.back_off.jitter ? ", with jitter" : "")},
      {"schema", type.payload_schema.empty() ? "none" : "yes"},
      {"kept", fmt::format("completed {}, failed {}, cancelled {}",
                           format_duration(type.retention.completed),
                           format_duration(type.retention.failed),
                           format_duration(type.retention.cancelled))},
      {"concurrency", type.concurrency ? fmt::format("{}", *type.concurrency) : "no limit"},
      {"rate", type.rate.value_or("no limit")},
      {"flow", flow_text(type.flow)},
      {"breaker", breaker_text(type)},
      {"max_waiting", waiting_cell(type, "no limit")},
      {"encrypted", type.flow.encrypted ? "on" : "off"},
  }));
}

// "42=3", or "none" alone.
Expected<std::map<std::string, int>> read_weights(const std::vector<std::string>& texts) {
  std::map<std::string, int> weights;
  if (texts == std::vector<std::string>{"none"}) return weights;
  for (const auto& text : texts) {
    const auto equals = text.rfind('=');
    int weight = 0;
    const auto* end = text.data() + text.size();
    const auto* begin = equals == std::string::npos ? end : text.data() + equals + 1;
    const auto [stop, error] = std::from_chars(begin, end, weight);
    if (begin == end || error != std::errc{} || stop != end) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("--flow-weight: '{}' is not KEY=N, such as 42=3", printable(text)));
    }
    weights[text.substr(0, equals)] = weight;
  }
  return weights;
}

// Nobody writes 0 for "none" by accident.
Expected<std::int64_t> parse_max_waiting(std::string_view text) {
  if (text == "none") return 0;
  std::int64_t number = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc{} && stop == end && number >= 1 && number <= limits::max_waiting_max) {
    return number;
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("--max-waiting: '{}' is neither 1 to {} nor none", text,
                          limits::max_waiting_max));
}

Expected<TypeChange> to_change(const Options& options) {
  TypeChange change{.description = options.description,
                    .timeout = options.timeout,
                    .back_off_base = options.back_off_base,
                    .back_off_factor = options.back_off_factor,
                    .back_off_cap = options.back_off_cap,
                    .retention_completed = options.completed,
                    .retention_failed = options.failed,
                    .retention_cancelled = options.cancelled,
                    .rate = options.rate};
  if (options.max_retries) change.max_retries = static_cast<int>(*options.max_retries);
  if (options.concurrency) change.concurrency = static_cast<int>(*options.concurrency);
  change.breaker_failure_rate = options.breaker_rate;
  if (options.breaker_attempts) {
    change.breaker_attempts = static_cast<int>(*options.breaker_attempts);
  }
  change.breaker_window = options.breaker_window;
  change.breaker_open = options.breaker_open;
  if (options.breaker_probes) change.breaker_probes = static_cast<int>(*options.breaker_probes);
  change.flow_key = options.flow_key;
  if (options.flow_concurrency)
    change.flow_concurrency = static_cast<int>(*options.flow_concurrency);
  change.flow_rate = options.flow_rate;
  if (options.flow_ordered) change.flow_ordered = *options.flow_ordered == "on";
  if (!options.flow_weights.empty()) {
    change.flow_weights = ESTEIRA_TRY(read_weights(options.flow_weights));
  }
  if (options.max_waiting) {
    change.max_waiting = ESTEIRA_TRY(parse_max_waiting(*options.max_waiting));
  }
  if (options.encrypted) change.encrypted = *options.encrypted == "on";
  if (options.back_off_jitter) change.back_off_jitter = *options.back_off_jitter == "on";
  if (options.schema == "none") {
    change.payload_schema = "";
  } else if (options.schema) {
    change.payload_schema = ESTEIRA_TRY(read_argument(*options.schema, schema_bytes_max));
    // "" means none: an empty file is a mistake.
    ESTEIRA_TRY(parse_json(*change.payload_schema));
  }
  return change;
}

Expected<int> set(const GlobalOptions& globals, const Options& options) {
  const auto change = ESTEIRA_TRY(to_change(options));
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  const auto changed = ESTEIRA_TRY(backend->set_type(options.name, change));
  if (changed.created) print_note(fmt::format("type {} is new", changed.type.name));
  print_type(changed.type, globals.json);
  return status::done;
}

Expected<int> set_paused(const GlobalOptions& globals, const std::string& name, bool paused) {
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  const auto type = ESTEIRA_TRY(backend->pause_type(name, paused));
  if (globals.json) {
    print_json(api::type_to_json(type));
  } else {
    print(fmt::format(
        "type {} {}\n", type.name,
        paused ? "is paused: what runs goes on, nothing new is started" : "is active again"));
  }
  return status::done;
}

void declare(Arguments& arguments, Options& options) {
  arguments.positional({"NAME", "", "the type; created if there is none"}, options.name);
  arguments.text({"--description", "TEXT", "one line for people"}, options.description);
  arguments.integer({"--max-retries", "N", "tries after the first"}, {0, limits::max_retries_max},
                    options.max_retries);
  arguments.duration({"--timeout", "TIME", "of one attempt, such as 30s"}, options.timeout);
  arguments.text({"--schema", "@FILE|JSON|none", "JSON Schema of the payload"}, options.schema);
  arguments.duration({"--back-off-base", "TIME", "the first retry's delay"}, options.back_off_base);
  arguments.number({"--back-off-factor", "X", "each further delay is so much longer"},
                   options.back_off_factor);
  arguments.duration({"--back-off-cap", "TIME", "the longest delay"}, options.back_off_cap);
  arguments.choice({"--back-off-jitter", "on|off", "draw each delay evenly from 0 to its length"},
                   {"on", "off"}, options.back_off_jitter);
  arguments.duration({"--keep-completed", "TIME", "how long COMPLETED tasks are kept"},
                     options.completed);
  arguments.duration({"--keep-failed", "TIME", "how long FAILED tasks are kept"}, options.failed);
  arguments.duration({"--keep-cancelled", "TIME", "how long CANCELLED tasks are kept"},
                     options.cancelled);
  arguments.integer({"--concurrency", "N", "running at once, everywhere; 0: no limit"},
                    {0, 1'000'000}, options.concurrency);
  arguments.text({"--rate", "N/s|N/m|N/h|none",
                  "starts a second, minute or hour; \"100/s burst 20\": so many of them at once"},
                 options.rate);
  arguments.text({"--flow-key", "POINTER|none",
                  "where the payload names a task's flow, such as /customer_id; flows take turns"},
                 options.flow_key);
  arguments.integer({"--flow-concurrency", "N", "running at once, of one flow; 0: no limit"},
                    {0, 1'000'000}, options.flow_concurrency);
  arguments.text({"--flow-rate", "N/s|N/m|N/h|none", "starts, of one flow"}, options.flow_rate);
  arguments.choice({"--flow-ordered", "on|off", "a flow's tasks run one after the other"},
                   {"on", "off"}, options.flow_ordered);
  arguments.texts({"--flow-weight", "KEY=N|none", "so many turns for that flow; may be repeated"},
                  options.flow_weights);
  arguments.number({"--breaker-rate", "X", "rest when this share of attempts fails; 0: never"},
                   options.breaker_rate);
  arguments.integer({"--breaker-attempts", "N", "of at least so many"},
                    {1, limits::breaker_attempts_max}, options.breaker_attempts);
  arguments.duration({"--breaker-window", "TIME", "within so long"}, options.breaker_window);
  arguments.duration({"--breaker-open", "TIME", "how long it rests"}, options.breaker_open);
  arguments.integer({"--breaker-probes", "N", "tried then, before all start again"},
                    {1, limits::breaker_probes_max}, options.breaker_probes);
  arguments.text({"--max-waiting", "N|none", "refuse new tasks while so many wait"},
                 options.max_waiting);
  arguments.choice({"--encrypted", "on|off", "payloads and results of new tasks are enciphered"},
                   {"on", "off"}, options.encrypted);
}

Verb pause_verb(std::string_view name, std::string_view summary, std::string_view example,
                bool paused) {
  const auto type = std::make_shared<std::string>();
  return {.name = name,
          .summary = summary,
          .example = example,
          .declare = [type](Arguments& a) { a.positional({"NAME", "", "the type"}, *type); },
          .run = [type, paused](
                     const GlobalOptions& globals) { return set_paused(globals, *type, paused); },
          .speaks_to_server = true};
}

}  // namespace

Verb type_list_verb() {
  return {.name = "type list",
          .summary = "List the types of tasks",
          .example = "esteira type list",
          .declare = {},
          .run = list,
          .speaks_to_server = true};
}

Verb type_set_verb() {
  const auto options = std::make_shared<Options>();
  return {.name = "type set",
          .summary = "Create a type, or change what is given of it",
          .example =
              "esteira type set REPORT_BUILD --timeout 10m --max-retries 5 --schema "
              "@report.schema.json",
          .declare = [options](Arguments& arguments) { declare(arguments, *options); },
          .run = [options](const GlobalOptions& globals) { return set(globals, *options); },
          .speaks_to_server = true};
}

Verb type_pause_verb() {
  return pause_verb("type pause", "Start no more tasks of a type",
                    "esteira type pause REPORT_BUILD", true);
}

Verb type_resume_verb() {
  return pause_verb("type resume", "Start tasks of a paused type again",
                    "esteira type resume REPORT_BUILD", false);
}

}  // namespace esteira::cli
