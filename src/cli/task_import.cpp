// esteira task import
#include <atomic>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cli/import.hpp"
#include "cli/output.hpp"
#include "cli/signal_watch.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"

namespace esteira::cli {
namespace {

constexpr std::size_t bad_lines_printed = 20;
constexpr int killed_by_interrupt = 130;

struct Options {
  std::string file;
  bool skip_bad = false;
  std::optional<std::int64_t> from_line;
};

Json report_to_json(const ImportReport& report) {
  JsonArray bad;
  for (const auto& one : report.bad) {
    bad.push_back(JsonObject{{"line", one.line}, {"message", one.message}});
  }
  JsonObject answer{
      {"imported", report.imported}, {"skipped", report.skipped}, {"bad", std::move(bad)}};
  if (report.next_line) answer.emplace("next_line", *report.next_line);
  return answer;
}

void print_bad_lines(const ImportReport& report) {
  const auto shown = std::min(report.bad.size(), bad_lines_printed);
  for (std::size_t i = 0; i < shown; ++i) {
    print_error({.message = fmt::format("line {}: {}", report.bad[i].line, report.bad[i].message)});
  }
  const auto more = report.bad_total - static_cast<std::int64_t>(shown);
  if (more > 0) print_error({.message = fmt::format("and {} bad lines more", count_cell(more))});
}

void print_end(const ImportReport& report, const Options& options) {
  if (!report.error) {
    if (report.bad_total > 0 && !options.skip_bad) {
      print_error({.message = "nothing of the file is kept; --skip-bad imports the good lines"});
    }
    return;
  }
  const bool doubt = report.error->code == ErrorCode::in_doubt;
  auto message = error_text(*report.error);
  if (report.next_line) {
    message +=
        fmt::format("; the {} tasks before line {} are kept, go on with --from-line {}{}",
                    count_cell(report.imported), *report.next_line, *report.next_line,
                    doubt ? " unless the next ones are there too (see esteira task list)" : "");
  } else if (doubt) {
    message += "; whether the file's tasks are kept is not known: see esteira task list";
  } else {
    message += "; nothing of the file is kept";
  }
  print_error({.code = report.error->code, .message = message, .fields = {}});
}

int exit_of(const ImportReport& report, const Options& options) {
  if (report.error) return exit_status(report.error->code);
  return report.bad_total > 0 && !options.skip_bad ? status::bad_input : status::done;
}

Expected<int> run(const GlobalOptions& globals, const Options& options) {
  std::atomic<bool> stopped{false};
  const SignalWatch signals([&stopped](int count) {
    stopped.store(true);
    if (count > 1) std::_Exit(killed_by_interrupt);
  });
  const auto backend = ESTEIRA_TRY(open_backend(globals, [&stopped] { return stopped.load(); }));
  auto reader = ESTEIRA_TRY(LineReader::open(options.file));
  const auto start = std::chrono::steady_clock::now();
  Import import(*backend, std::move(reader),
                {.skip_bad = options.skip_bad, .from_line = options.from_line.value_or(1)},
                [&stopped] { return stopped.load(); });
  const auto report = import.run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  print_bad_lines(report);
  print_end(report, options);
  if (globals.json) {
    print_json(report_to_json(report));
  } else if (report.imported > 0) {
    const auto rate =
        static_cast<std::int64_t>(static_cast<double>(report.imported) / took.count());
    print(fmt::format("{} tasks imported in {:.1f} s ({} tasks/s){}\n", count_cell(report.imported),
                      took.count(), count_cell(rate),
                      report.skipped > 0
                          ? fmt::format(", {} bad lines left out", count_cell(report.skipped))
                          : ""));
  } else if (!report.error && exit_of(report, options) == status::done) {
    print("no tasks imported\n");
  }
  return exit_of(report, options);
}

}  // namespace

Verb task_import_verb() {
  const auto options = std::make_shared<Options>();
  return {.name = "task import",
          .summary = "Create many tasks: one a line, the body of POST /tasks",
          .example = "esteira task import tasks.ndjson",
          .declare =
              [options](Arguments& arguments) {
                arguments.positional(
                    {"FILE", "", "newline-delimited JSON, or -; 10,000 tasks are one transaction"},
                    options->file);
                arguments.flag("--skip-bad", "leave bad lines out instead of keeping nothing",
                               options->skip_bad);
                arguments.integer({"--from-line", "N", "go on at this line"},
                                  {1, std::numeric_limits<std::int64_t>::max()},
                                  options->from_line);
              },
          .run = [options](const GlobalOptions& globals) { return run(globals, *options); },
          .speaks_to_server = true};
}

}  // namespace esteira::cli
