#include "world/worker_process.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace esteira::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration types_interval = seconds{1};
constexpr Duration heartbeat_interval = seconds{5};
constexpr Duration stopping_poll = milliseconds{20};
constexpr Duration last_words_max = seconds{1};

LoopOptions loop_options(const std::string& worker, const Plan& plan) {
  return {.worker = worker,
          .lease = plan.lease,
          .poll = plan.poll,
          .ageing = plan.ageing,
          .stop_grace = plan.stop_grace,
          .max_crashes = plan.max_crashes,
          .tick_results = plan.tick_results,
          .prefetch_max = plan.prefetch_max};
}

}  // namespace

WorkerProcess::Life::Life(const Site& site, WorkerProcess& process, LoopOptions options)
    : repository(site.connect(process)),
      runner(process, site.world.plan().slots),
      loop(std::move(options), *repository, runner, process.clock(), process.random(), nullptr) {}

WorkerProcess::WorkerProcess(const Site& site, std::string role, std::uint64_t part)
    : Process(site.world, std::move(role), part), site_(site) {}

Duration WorkerProcess::turn() {
  if (left_) rename();
  left_ = false;
  if (!life_) {
    life_ = std::make_unique<Life>(site_, *this, loop_options(name(), world_.plan()));
    world_.trace().line(world_.at(), "{} starts", name());
  }
  auto& life = *life_;
  news += life.runner.advance();
  housekeep();
  if (std::exchange(hinted_, false)) life.loop.wake();
  const auto progress = life.loop.step();
  news += progress.claimed + life.runner.advance();
  if (stop_requested_ && advance_stop()) {
    leave();
    return spread(random(), milliseconds{10}, seconds{3});
  }
  auto sleep = progress.sleep;
  if (life.phase != Phase::running) sleep = std::min(sleep, stopping_poll);
  if (const auto next = life.runner.next_at()) sleep = std::min(sleep, *next - world_.at());
  return sleep;
}

void WorkerProcess::hint() {
  if (!life_) return;
  ++news;
  hinted_ = true;
  woken = true;
  wake_at = std::min(wake_at, world_.at());
}

void WorkerProcess::forget() {
  life_.reset();
  hinted_ = false;
  stop_requested_ = false;
  left_ = false;
}

// The loop thread's own small duties, as TaskWorker has them.
void WorkerProcess::housekeep() {
  auto& life = *life_;
  const auto steady = clock().steady();
  if (life.loop.store_error()) return;
  if (steady >= life.types_at) {
    life.types_at = steady + types_interval;
    static_cast<void>(refresh_types());
  }
  if (steady >= life.heartbeat_at) {
    life.heartbeat_at = steady + heartbeat_interval;
    static_cast<void>(life.repository->put_worker({.name = name(),
                                                   .host = "sim",
                                                   .version = "0",
                                                   .slots = world_.plan().slots,
                                                   .started_at = clock().now(),
                                                   .heartbeat_at = clock().now()}));
  }
}

Expected<void> WorkerProcess::refresh_types() {
  auto& life = *life_;
  const auto version = ESTEIRA_TRY(life.repository->types_version());
  if (version == life.types_version) return {};
  std::vector<std::shared_ptr<const TypePolicy>> policies;
  for (auto& type : ESTEIRA_TRY(life.repository->types())) {
    auto* processor = site_.processors.find(type.name);
    if (processor == nullptr) continue;
    auto policy = std::make_shared<TypePolicy>();
    policy->processor = processor;
    policy->type = std::move(type);
    policies.push_back(std::move(policy));
  }
  life.loop.set_types(std::move(policies));
  life.types_version = version;
  return {};
}

// The stop, phase by phase; true at its end.
bool WorkerProcess::advance_stop() {
  auto& life = *life_;
  const auto& plan = world_.plan();
  const auto steady = clock().steady();
  if (life.phase == Phase::running) {
    life.loop.begin_stop();
    life.phase = Phase::grace;
    life.phase_ends = steady + plan.grace;
  }
  if (life.phase == Phase::grace && steady >= life.phase_ends && !life.loop.idle()) {
    life.loop.interrupt_running();
    life.phase = Phase::interrupted;
    life.phase_ends = steady + plan.stop_grace;
  } else if (life.phase == Phase::interrupted && steady >= life.phase_ends) {
    life.loop.abandon_running();
    life.phase = Phase::last_words;
    life.phase_ends = steady + last_words_max;
  }
  if (life.loop.idle()) return true;
  if (life.phase != Phase::last_words) return false;
  return life.loop.all_told() || steady >= life.phase_ends;
}

void WorkerProcess::leave() {
  left_ = true;
  const bool clean = life_->loop.idle();
  world_.trace().line(world_.at(), "{} leaves{}", name(), clean ? "" : " in a hurry");
  if (!clean) left_in_hurry_ = true;
  static_cast<void>(life_->repository->remove_worker(name()));
  life_.reset();
  stop_requested_ = false;
}

std::optional<WorkerView> WorkerProcess::worker_view() {
  WorkerView view{.name = name(), .left = left_ && !std::exchange(left_in_hurry_, false)};
  if (!life_) return view;
  const auto& plan = world_.plan();
  view.in_flight = life_->loop.in_flight();
  view.pending = life_->loop.pending();
  // A slot takes a whole batch.
  int batch = 1;
  for (const auto& processor : site_.processors.all())
    batch = std::max(batch, processor->batch_size());
  view.held_max = static_cast<std::size_t>(plan.slots) * static_cast<std::size_t>(batch) +
                  static_cast<std::size_t>(plan.prefetch_max);
  view.running = life_->runner.running();
  return view;
}

}  // namespace esteira::sim
