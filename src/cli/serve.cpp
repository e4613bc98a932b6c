// esteira serve
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
  bool no_worker = false;
  bool migrate = false;
};

Expected<int> run(const GlobalOptions& globals, const Options& options) {
  ServicePlan plan{.configuration =
                       ESTEIRA_TRY(configuration_of(globals, options.settings.given()))};
  plan.migrate = options.migrate ? Migrate::always : Migrate::if_embedded;
  plan.with_worker = !options.no_worker;
  plan.with_api = true;
  plan.listen = plan.configuration.server_listen;
  plan.json = globals.json;
  return run_service(std::move(plan));
}

}  // namespace

Verb serve_verb() {
  const auto options = std::make_shared<Options>();
  return {.name = "serve",
          .summary = "Answer the HTTP API and run a worker, in one process",
          .example = "esteira serve --listen 127.0.0.1:8080 --concurrency 20",
          .declare =
              [options](Arguments& arguments) {
                options->settings.declare(arguments, {{"--listen", "ADDR:PORT", "server.listen"}});
                options->settings.declare(arguments, tls_flags());
                options->settings.declare(arguments, worker_flags());
                arguments.flag("--no-worker", "run no tasks; maintenance and health only",
                               options->no_worker);
                arguments.flag("--migrate", "bring the database's schema up to date first",
                               options->migrate);
              },
          .run = [options](const GlobalOptions& globals) { return run(globals, *options); }};
}

}  // namespace esteira::cli
