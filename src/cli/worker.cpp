// esteira worker
#include <memory>

#include "base/assert.hpp"
#include "cli/service_run.hpp"
#include "cli/setting_flags.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"

namespace esteira::cli {
namespace {

struct Options {
  SettingFlags settings;
  std::optional<std::string> listen;
  bool drain = false;
};

Expected<int> run(const GlobalOptions& globals, const Options& options) {
  ServicePlan plan{.configuration =
                       ESTEIRA_TRY(configuration_of(globals, options.settings.given()))};
  plan.configuration.worker.drain = options.drain;
  plan.listen = options.listen;
  plan.json = globals.json;
  return run_service(std::move(plan));
}

}  // namespace

Verb worker_verb() {
  const auto options = std::make_shared<Options>();
  return {.name = "worker",
          .summary = "Run a worker alone",
          .example = "esteira worker --types HTTP_REQUEST,NOOP --concurrency 50 --drain",
          .declare =
              [options](Arguments& arguments) {
                options->settings.declare(arguments, worker_flags());
                arguments.text({"--listen", "ADDR:PORT", "answer health checks there"},
                               options->listen);
                options->settings.declare(arguments, tls_flags());
                arguments.flag("--drain", "leave when no task is ready or running here",
                               options->drain);
              },
          .run = [options](const GlobalOptions& globals) { return run(globals, *options); }};
}

}  // namespace esteira::cli
