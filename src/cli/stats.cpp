// esteira stats
#include <fmt/format.h>

#include "api/task_json.hpp"
#include "base/assert.hpp"
#include "cli/output.hpp"
#include "cli/stats_view.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"

namespace esteira::cli {
namespace {

Expected<int> run(const GlobalOptions& globals) {
  const auto backend = ESTEIRA_TRY(open_backend(globals));
  const auto stats = ESTEIRA_TRY(backend->stats());
  if (globals.json) {
    print_json(api::stats_to_json(stats));
  } else {
    print(fmt::format("{}\n\nrates and times of the last {} minutes:\n", status_line(stats),
                      stats_window.count()));
    print_table(types_table(stats));
  }
  return status::done;
}

}  // namespace

Verb stats_verb() {
  return {.name = "stats",
          .summary = "Counts by status, and rates and times by type",
          .example = "esteira stats --json",
          .declare = {},
          .run = run,
          .speaks_to_server = true};
}

}  // namespace esteira::cli
