// esteira prune
#include <memory>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cli/output.hpp"
#include "cli/setting_flags.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"
#include "domain/limits.hpp"
#include "repository/archive.hpp"

namespace esteira::cli {
namespace {

struct Options {
  SettingFlags settings;
  std::optional<Duration> completed_older;
  std::optional<Duration> failed_older;
};

// By deleting them, and with a whole range of ids.
struct Gone {
  std::int64_t deleted = 0;
  std::int64_t dropped = 0;
  [[nodiscard]] std::int64_t all() const { return deleted + dropped; }
};

void show(const Gone& gone) {
  if (stderr_is_terminal()) fmt::print(stderr, "\rpruned {}", count_cell(gone.all()));
}

Expected<Gone> prune(const Store& store, const PruneRequest& request) {
  Gone gone;
  for (bool more = true; more; show(gone)) {
    const auto step = ESTEIRA_TRY(store.repository->drop_range(request, store.now()));
    gone.dropped += step.tasks;
    more = step.more;
  }
  for (bool more = true; more; show(gone)) {
    const auto deleted = ESTEIRA_TRY(store.repository->prune(request, store.now()));
    gone.deleted += deleted;
    more = deleted == request.limit;
  }
  return gone;
}

Expected<int> run(const GlobalOptions& globals, const Options& options) {
  auto configuration = ESTEIRA_TRY(configuration_of(globals, options.settings.given()));
  const auto store = ESTEIRA_TRY(open_store(std::move(configuration)));
  const auto archive = make_archive(store.configuration);
  const PruneRequest request{.completed_older = options.completed_older,
                             .failed_older = options.failed_older,
                             .limit = archive ? limits::export_tasks_max : limits::prune_tasks_max,
                             .archive = archive.get()};
  const auto gone = prune(store, request);
  if (stderr_is_terminal()) fmt::print(stderr, "\r\x1b[K");
  if (!gone) return std::unexpected(gone.error());
  ESTEIRA_TRY(store.repository->maintain(store.now()));
  if (globals.json) {
    print_json(JsonObject{{"pruned", gone->all()}, {"dropped", gone->dropped}});
  } else {
    const auto dropped =
        gone->dropped == 0 ? "" : fmt::format(", {} of them as ranges", count_cell(gone->dropped));
    print(fmt::format("{} ended tasks removed{}\n", count_cell(gone->all()), dropped));
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
                options->settings.declare(arguments, {{"--export", "FOLDER", "retention.export"}});
              },
          .run = [options](const GlobalOptions& globals) { return run(globals, *options); }};
}

}  // namespace esteira::cli
