#include <algorithm>
#include <atomic>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/thread_name.hpp"
#include "domain/limits.hpp"
#include "esteira/worker.hpp"
#include "processor/processor_type.hpp"
#include "repository/database_clock.hpp"
#include "worker/loop.hpp"
#include "worker/maintenance_thread.hpp"
#include "worker/thread_runner.hpp"
#include "worker/waker.hpp"
#include "worker/worker_name.hpp"

namespace esteira {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration look_interval = seconds{1};  // at types, and at what the worker is told
constexpr Duration heartbeat_interval = seconds{10};
constexpr Duration clock_interval = seconds{30};
constexpr Duration stopping_poll = milliseconds{20};
// How long the end of a worker waits for a store that is away; the leases end by themselves.
constexpr Duration last_words_max = seconds{5};

Expected<void> check_options(const WorkerOptions& options) {
  const auto bad = [](std::string_view what) {
    return fail(ErrorCode::invalid_argument, fmt::format("a worker's {}", what));
  };
  if (options.concurrency < 1 || options.concurrency > 1000) return bad("concurrency is 1 to 1000");
  if (options.lease < seconds{1}) return bad("lease is at least 1 second");
  if (options.grace < Duration{0} || options.stop_grace < Duration{0})
    return bad("grace is not negative");
  if (options.max_crashes < 1) return bad("max_crashes is at least 1");
  if (options.poll < milliseconds{1}) return bad("poll interval is at least 1 ms");
  if (options.ageing < Duration{0}) return bad("ageing is not negative");
  if (options.name.size() > limits::worker_name_bytes_max) return bad("name is too long");
  return {};
}

}  // namespace

struct TaskWorker::Impl {
  Impl(std::string the_url, const ProcessorRegistry& the_registry, WorkerOptions the_options,
       std::shared_ptr<EventSink> the_events)
      : url(std::move(the_url)),
        registry(the_registry),
        options(std::move(the_options)),
        events(std::move(the_events)) {
    if (options.name.empty()) options.name = default_worker_name(random);
    if (!options.maintenance) return;
    maintenance = std::make_unique<MaintenanceThread>(
        url,
        MaintenanceOptions{.worker = options.name + "/maintenance",
                           .max_crashes = options.max_crashes,
                           .lease = options.lease,
                           .keyring = options.keyring,
                           .archive = options.archive},
        events);
  }

  // Constant after start().
  const std::string url;
  const ProcessorRegistry& registry;
  WorkerOptions options;
  const std::shared_ptr<EventSink> events;
  std::shared_ptr<DatabaseClock> clock = std::make_shared<DatabaseClock>();
  std::shared_ptr<TaskRepository> repository;  // the loop's

  // Thread-safe.
  SystemRandom random;
  std::unique_ptr<MaintenanceThread> maintenance;  // null where it is not wanted
  std::shared_ptr<Waker> waker = std::make_shared<Waker>();
  std::shared_ptr<std::atomic<bool>> hinted = std::make_shared<std::atomic<bool>>(false);
  std::atomic<bool> stop_requested = false;
  std::atomic<bool> stop_now = false;
  std::atomic<bool> loop_ended = false;
  std::atomic<bool> stuck = false;
  std::atomic<std::int64_t> settled = 0;

  // The loop thread's.
  std::unique_ptr<ThreadRunner> runner;
  std::unique_ptr<WorkerLoop> loop;
  WorkerRecord record;
  std::int64_t types_version = -1;
  std::vector<TypeId> type_ids;
  Duration look_at{};
  Duration heartbeat_at{};
  Duration clock_at{};
  enum class Phase : std::uint8_t {
    running,
    grace,
    interrupted,
    last_words
  } phase = Phase::running;
  Duration phase_ends{};

  std::thread loop_thread;

  Expected<void> start();
  Expected<void> ensure_types();
  [[nodiscard]] bool handles(std::string_view type) const;
  void run_loop();
  void housekeep();
  Expected<void> refresh_types();
  Expected<void> obey();
  [[nodiscard]] bool drained();
  [[nodiscard]] bool advance_stop();
};

bool TaskWorker::Impl::handles(std::string_view type) const {
  return options.types.empty() || std::ranges::any_of(options.types, [&](const std::string& one) {
           return canonical_type_name(one) == type;
         });
}

Expected<void> TaskWorker::Impl::start() {
  ESTEIRA_TRY(check_options(options));
  for (const auto& type : options.types) {
    if (registry.find(canonical_type_name(type)) == nullptr) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("this program has no processor for the type '{}'", type));
    }
  }
  repository = ESTEIRA_TRY(open_repository(url, Migrate::if_embedded, options.keyring));
  ESTEIRA_TRY(clock->sync(*repository));
  ESTEIRA_TRY(ensure_types());
  if (maintenance) ESTEIRA_TRY(maintenance->open());
  LoopOptions loop_options{.worker = options.name,
                           .lease = options.lease,
                           .poll = options.poll,
                           .ageing = options.ageing,
                           .stop_grace = options.stop_grace,
                           .max_crashes = options.max_crashes};
  const int batch = loop_options.tick_results;
  runner = std::make_unique<ThreadRunner>(options.concurrency, batch, clock,
                                          [wake = waker] { wake->wake(); });
  loop = std::make_unique<WorkerLoop>(std::move(loop_options), *repository, *runner, *clock, random,
                                      events.get());
  ESTEIRA_TRY(refresh_types());
  record = {.name = options.name,
            .host = host_name(),
            .pid = getpid(),
            .version = ESTEIRA_VERSION,
            .slots = options.concurrency,
            .started_at = clock->now()};
  for (const auto& processor : registry.all()) {
    if (handles(processor->task_type())) record.types.emplace_back(processor->task_type());
  }
  repository->listen([wake = waker, flag = hinted] {
    flag->store(true);
    wake->wake();
  });
  loop_thread = std::thread([this] {
    name_this_thread("esteira-loop");
    run_loop();
  });
  if (maintenance) maintenance->start();
  return {};
}

Expected<void> TaskWorker::Impl::ensure_types() {
  const auto types = ESTEIRA_TRY(repository->types());
  for (const auto& processor : registry.all()) {
    ESTEIRA_TRY(check_type_name(processor->task_type()));
    const bool known = std::ranges::any_of(
        types, [&](const TaskType& type) { return type.name == processor->task_type(); });
    if (!known) ESTEIRA_TRY(repository->put_type(type_of(*processor), clock->now()));
  }
  return {};
}

Expected<void> TaskWorker::Impl::refresh_types() {
  const auto version = ESTEIRA_TRY(repository->types_version());
  if (version == types_version) return {};
  std::vector<std::shared_ptr<const TypePolicy>> policies;
  type_ids.clear();
  for (auto& type : ESTEIRA_TRY(repository->types())) {
    auto* processor = registry.find(type.name);
    if (processor == nullptr || !handles(type.name)) continue;
    auto policy = std::make_shared<TypePolicy>();
    policy->processor = processor;
    if (!type.payload_schema.empty()) {
      // A schema that can't be compiled was refused when it was set; one written past us by SQL is
      // left to the processor's own check.
      if (auto schema = PayloadSchema::compile(type.payload_schema))
        policy->schema.emplace(std::move(*schema));
    }
    type_ids.push_back(type.type_id);
    policy->type = std::move(type);
    policies.push_back(std::move(policy));
  }
  loop->set_types(std::move(policies));
  types_version = version;
  return {};
}

// What people tell the worker stands in its record.
Expected<void> TaskWorker::Impl::obey() {
  const auto told = ESTEIRA_TRY(repository->worker(options.name));
  if (!told) return {};
  loop->set_quiet(told->command != WorkerCommand::run);
  if (told->command == WorkerCommand::stop) stop_requested = true;
  return {};
}

// The loop thread's own small duties. What the store refuses now is done the next time.
void TaskWorker::Impl::housekeep() {
  const auto steady = clock->steady();
  if (loop->store_error()) return;
  if (steady >= heartbeat_at) {
    heartbeat_at = steady + heartbeat_interval;
    record.heartbeat_at = clock->now();
    static_cast<void>(repository->put_worker(record));
  }
  if (steady >= look_at) {
    look_at = steady + look_interval;
    static_cast<void>(refresh_types());
    static_cast<void>(obey());
  }
  if (steady >= clock_at) {
    clock_at = steady + clock_interval;
    static_cast<void>(clock->sync(*repository));
  }
}

void TaskWorker::Impl::run_loop() {
  for (;;) {
    housekeep();
    if (hinted->exchange(false)) loop->wake();
    const auto progress = loop->step();
    settled.store(loop->settled(), std::memory_order_relaxed);
    if (options.drain && drained()) stop_requested = true;
    if (stop_requested && advance_stop()) break;
    const auto limit =
        phase == Phase::running ? progress.sleep : std::min(progress.sleep, stopping_poll);
    if (limit > Duration{0}) waker->wait(limit);
  }
  stuck = runner->load().running > 0;
  static_cast<void>(repository->remove_worker(options.name));
  if (maintenance) maintenance->request_stop();
  loop_ended = true;
}

bool TaskWorker::Impl::drained() {
  if (phase != Phase::running || !loop->idle() || !loop->claimed_short() || loop->store_error())
    return false;
  const auto ready = repository->has_ready(type_ids, clock->now());
  if (!ready) return false;
  if (*ready) loop->wake();
  return !*ready;
}

// The stop, phase by phase; true at its end.
bool TaskWorker::Impl::advance_stop() {
  const auto steady = clock->steady();
  if (phase == Phase::running) {
    loop->begin_stop();
    phase = Phase::grace;
    phase_ends = steady + options.grace;
  }
  const bool over = steady >= phase_ends || stop_now;
  if (phase == Phase::grace && over && !loop->idle()) {
    loop->interrupt_running();
    phase = Phase::interrupted;
    phase_ends = steady + options.stop_grace;
  } else if (phase == Phase::interrupted && steady >= phase_ends) {
    loop->abandon_running();
    phase = Phase::last_words;
    phase_ends = steady + last_words_max;
  }
  if (loop->idle()) return true;
  if (phase != Phase::last_words) return false;
  return loop->all_told() || steady >= phase_ends;
}

TaskWorker::TaskWorker(std::string url, const ProcessorRegistry& registry, WorkerOptions options,
                       std::shared_ptr<EventSink> events)
    : impl_(std::make_unique<Impl>(std::move(url), registry, std::move(options),
                                   std::move(events))) {}

TaskWorker::~TaskWorker() {
  request_stop();
  wait();
}

Expected<void> TaskWorker::start() { return impl_->start(); }

void TaskWorker::request_stop() {
  impl_->stop_requested = true;
  impl_->waker->wake();
  if (impl_->maintenance) impl_->maintenance->request_stop();
}

void TaskWorker::request_stop_now() {
  impl_->stop_now = true;
  request_stop();
}

bool TaskWorker::wait() {
  if (impl_->loop_thread.joinable()) impl_->loop_thread.join();
  if (impl_->maintenance) impl_->maintenance->wait();
  return !impl_->stuck;
}

bool TaskWorker::ended() const { return impl_->loop_ended; }
const std::string& TaskWorker::name() const { return impl_->options.name; }
std::int64_t TaskWorker::settled() const { return impl_->settled; }

}  // namespace esteira
