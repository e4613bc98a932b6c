// esteira prune
#include <memory>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"
#include "domain/limits.hpp"

namespace esteira::cli {
namespace {

struct Options {
  std::optional<Duration> completed_older;
  std::optional<Duration> failed_older;
};

Expected<int> run(const GlobalOptions& globals, const Options& options) {
  const auto store = ESTEIRA_TRY(open_store(globals));
  const PruneRequest request{.completed_older = options.completed_older,
                             .failed_older = options.failed_older,
                             .limit = limits::prune_tasks_max};
  std::int64_t total = 0;
  while (true) {
    const auto gone = ESTEIRA_TRY(store.repository->prune(request, store.now()));
    total += gone;
    if (gone < request.limit) break;
    if (stderr_is_terminal()) fmt::print(stderr, "\rpruned {}", count_cell(total));
  }
  if (stderr_is_terminal()) fmt::print(stderr, "\r\x1b[K");
  ESTEIRA_TRY(store.repository->maintain(store.now()));
  if (globals.json) {
    print_json(JsonObject{{"pruned", total}});
  } else {
    print(fmt::format("{} ended tasks removed\n", count_cell(total)));
  }
  return status::done;
}

}  // namespace

Verb prune_verb() {
  const auto options = std::make_shared<Options>();
  return {.name = "prune",
          .summary = "Remove ended tasks that are older than their type keeps them",
          .example = "esteira prune --completed-older 7d --failed-older 90d",
          .declare =
              [options](Arguments& arguments) {
                arguments.duration({"--completed-older", "TIME",
                                    "COMPLETED ones (default: the "
                                    "type's)"},
                                   options->completed_older);
                arguments.duration(
                    {"--failed-older", "TIME", "FAILED and CANCELLED ones (default: the type's)"},
                    options->failed_older);
              },
          .run = [options](const GlobalOptions& globals) { return run(globals, *options); }};
}

}  // namespace esteira::cli
