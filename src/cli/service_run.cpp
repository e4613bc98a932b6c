#include "cli/service_run.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cli/encryption_keys.hpp"
#include "cli/open_files.hpp"
#include "cli/output.hpp"
#include "cli/server_tls.hpp"
#include "cli/signal_watch.hpp"
#include "cli/wiring.hpp"
#include "esteira/worker.hpp"
#include "http/api_server.hpp"
#include "http/health_server.hpp"
#include "worker/maintenance_thread.hpp"

namespace esteira::cli {
namespace {

// What the signals' thread and main tell the others. A worker that is not there yet learns of an
// early signal when it is set.
class StopSwitch {
 public:
  void on_signal(int count) {
    log(LogLevel::info, count == 1 ? "stopping: waiting for running tasks; once more stops at once"
                                   : "stopping at once");
    signals_.store(count);
    tell(worker_.load(), count);
  }
  void set_worker(TaskWorker& worker) {
    worker_.store(&worker);
    tell(&worker, signals_.load());
  }
  [[nodiscard]] bool stopping() const { return signals_.load() > 0; }
  // All that was to be started runs.
  void set_running() { running_.store(true); }
  [[nodiscard]] bool running() const { return running_.load(); }

 private:
  static void tell(TaskWorker* worker, int count) {
    if (worker == nullptr || count == 0) return;
    count == 1 ? worker->request_stop() : worker->request_stop_now();
  }

  std::atomic<int> signals_{0};
  std::atomic<bool> running_{false};
  std::atomic<TaskWorker*> worker_{nullptr};
};

// What a set of the API's services is made of: a connection of its own, so that answers do not
// queue behind the worker.
std::function<Expected<std::shared_ptr<TaskRepository>>()> opener_of(const ServicePlan& plan) {
  return [url = plan.configuration.database_url, keyring = plan.configuration.worker.keyring] {
    return open_repository(url, Migrate::never, keyring);
  };
}

std::function<Expected<void>()> state_of(const StopSwitch& stop) {
  return [&stop]() -> Expected<void> {
    if (stop.stopping()) return fail(ErrorCode::unavailable, "the program is stopping");
    if (!stop.running()) return fail(ErrorCode::unavailable, "the program is starting");
    return {};
  };
}

Expected<http::ServerOptions> listen_with(http::ServerOptions options, const ServicePlan& plan) {
  options.listen = ESTEIRA_TRY(http::parse_listen_address(*plan.listen));
  options.tls = ESTEIRA_TRY(read_server_tls(plan.configuration));
  return options;
}

Expected<std::unique_ptr<http::Server>> start_health(const ServicePlan& plan, const Store& store,
                                                     const StopSwitch& stop) {
  http::HealthOptions options{.open = http::services_opener(opener_of(plan), store.registry.get(),
                                                            std::make_shared<DatabaseClock>()),
                              .ready = state_of(stop)};
  options.server = ESTEIRA_TRY(listen_with(std::move(options.server), plan));
  return http::start_health_server(std::move(options));
}

// For the database, the log, and what processors open.
constexpr std::size_t other_files = 512;

// As many connections as there may be files for: past that, neither the database nor a processor
// could open another.
std::size_t connections_that_fit(std::size_t wanted) {
  const auto files = raise_open_files(wanted + other_files);
  if (files >= wanted + other_files) return wanted;
  const auto fit = files - std::min(files / 2, other_files);
  log(LogLevel::warning,
      fmt::format("this process may have {} files open: {} connections are answered at once "
                  "instead of {}; raise `ulimit -Hn` (systemd: LimitNOFILE) to {}",
                  files, fit, wanted, wanted + other_files));
  return fit;
}

Expected<std::unique_ptr<http::ApiServer>> start_api(const ServicePlan& plan, const Store& store,
                                                     const StopSwitch& stop) {
  auto clock = std::make_shared<DatabaseClock>();
  ESTEIRA_TRY(clock->sync(*store.repository));
  http::ApiOptions options{.clock = clock, .registry = store.registry.get()};
  options.server = ESTEIRA_TRY(listen_with(std::move(options.server), plan));
  options.server.connections_max = connections_that_fit(options.server.connections_max);
  options.open = opener_of(plan);
  const auto& worker = plan.configuration.worker;
  options.work = {
      .lease = worker.lease, .max_crashes = worker.max_crashes, .ageing = worker.ageing};
  options.events = log_event_sink();
  options.ready = state_of(stop);
  options.log = [](std::string_view request_id, std::string_view what) {
    log(LogLevel::error, fmt::format("request {}: {}", request_id, what));
  };
  return http::ApiServer::start(std::move(options));
}

// What listens: the whole API, or, beside a worker alone, its health.
struct Doors {
  std::unique_ptr<http::ApiServer> api;
  std::unique_ptr<http::Server> health;

  [[nodiscard]] std::string address() const {
    if (api) return to_text(api->address());
    return health ? to_text(health->address()) : "";
  }
  // Only where something listens.
  [[nodiscard]] Expected<void> use(const http::TlsIdentity& identity) const {
    return api ? api->use(identity) : health->use(identity);
  }
};

Expected<Doors> open_doors(const ServicePlan& plan, const Store& store, const StopSwitch& stop) {
  Doors doors;
  if (plan.with_api) {
    doors.api = ESTEIRA_TRY(start_api(plan, store, stop));
  } else if (plan.listen) {
    doors.health = ESTEIRA_TRY(start_health(plan, store, stop));
  }
  return doors;
}

// Somebody must take over from the dead where no worker does.
Expected<std::unique_ptr<MaintenanceThread>> start_maintenance(const Configuration& configuration) {
  const auto& worker = configuration.worker;
  auto maintenance = std::make_unique<MaintenanceThread>(
      configuration.database_url,
      MaintenanceOptions{.worker = {},
                         .max_crashes = worker.max_crashes,
                         .lease = worker.lease,
                         .keyring = worker.keyring,
                         .archive = make_archive(configuration)},
      log_event_sink());
  ESTEIRA_TRY(maintenance->open());
  maintenance->start();
  return maintenance;
}

// All that runs, in the order of its start.
struct Running {
  Store store;
  Doors doors;
  std::unique_ptr<TaskWorker> worker;
  std::unique_ptr<MaintenanceThread> maintenance;
};

void print_banner(const ServicePlan& plan, const TaskRepository& repository,
                  const std::string& address, bool has_keys, const TaskWorker* worker) {
  if (plan.json) {
    print_json(JsonObject{{"version", ESTEIRA_VERSION},
                          {"listen", address.empty() ? Json(nullptr) : Json(address)},
                          {"database", repository.address()},
                          {"worker", worker == nullptr ? Json(nullptr) : Json(worker->name())}});
  } else {
    const auto* scheme = tls_files_of(plan.configuration) ? "https" : "http";
    Pairs pairs{{"database", repository.address()}};
    if (worker != nullptr) {
      pairs.emplace_back("worker", fmt::format("{}, {} at a time", worker->name(),
                                               plan.configuration.worker.concurrency));
    }
    if (plan.with_api) {
      const auto rights = has_keys ? "" : " (this machine only, full rights: no key exists yet)";
      pairs.emplace_back("API", fmt::format("{}://{}/api/v1{}", scheme, address, rights));
    }
    if (!address.empty()) {
      pairs.emplace_back("health", fmt::format("{}://{}/healthz", scheme, address));
    }
    if (!plan.configuration.worker.drain) {
      pairs.emplace_back("try", "esteira task create NOOP --payload '{\"hello\": \"world\"}'");
      pairs.emplace_back("watch", "esteira top");
      pairs.emplace_back("stop", "Ctrl-C");
    }
    print(fmt::format("Esteira {} runs.\n{}", ESTEIRA_VERSION, pairs_text(pairs)));
  }
  std::fflush(stdout);
}

// Threads of processors that ignored their stop still run: nothing may be destroyed under them.
[[noreturn]] void leave_at_once() {
  log(LogLevel::error,
      "leaving although tasks still run: their processors ignored the request to stop; their "
      "leases end by themselves and the tasks are run again");
  flush_log();
  std::fflush(stdout);
  std::_Exit(status::failed);
}

}  // namespace

Expected<int> run_service(ServicePlan plan) {
  // Before any other thread: the one that watches the signals logs too.
  start_log(plan.configuration.log);
  plan.configuration.worker.keyring = ESTEIRA_TRY(read_keyring(plan.configuration));
  StopSwitch stop;
  CertificateReload reload(plan.configuration);
  Running running;
  // Its thread ends before what it speaks to does.
  SignalWatch signals([&stop](int count) { stop.on_signal(count); },
                      [&reload] { reload.on_signal(); });
  running.store = ESTEIRA_TRY(open_store(plan.configuration, plan.migrate));
  running.doors = ESTEIRA_TRY(open_doors(plan, running.store, stop));
  auto& worker = running.worker;
  auto& doors = running.doors;
  if (doors.api || doors.health) {
    reload.set_server([&doors](const http::TlsIdentity& identity) { return doors.use(identity); });
  }
  if (plan.with_worker) {
    auto options = plan.configuration.worker;
    options.archive = make_archive(plan.configuration);
    worker = std::make_unique<TaskWorker>(plan.configuration.database_url, *running.store.registry,
                                          std::move(options), log_event_sink());
    ESTEIRA_TRY(worker->start());
  } else {
    running.maintenance = ESTEIRA_TRY(start_maintenance(plan.configuration));
  }
  stop.set_running();
  print_banner(plan, *running.store.repository, doors.address(), doors.api && doors.api->has_keys(),
               worker.get());
  if (worker) {
    stop.set_worker(*worker);
    if (!worker->wait()) leave_at_once();
  }
  // A server whose worker was told to stop goes on without it.
  if (plan.with_api && !stop.stopping()) {
    if (!running.maintenance) {
      running.maintenance = ESTEIRA_TRY(start_maintenance(plan.configuration));
    }
    signals.wait();
  }
  running.maintenance.reset();
  flush_log();
  return status::done;
}

}  // namespace esteira::cli
