#include "world/run.hpp"

#include <algorithm>

#include "esteira/repository.hpp"
#include "world/chaos_process.hpp"
#include "world/maintenance_process.hpp"
#include "world/person_process.hpp"
#include "world/processor.hpp"
#include "world/producer_process.hpp"
#include "world/witness.hpp"
#include "world/worker_process.hpp"

namespace esteira::sim {
namespace {

using std::chrono::seconds;

// Once the faults are off, everything ends within this: attempts that hang, back-offs, schedules
// and snoozes are a few seconds each, and a task has a handful of attempts left.
constexpr Duration ends_within = seconds{120};
// How much longer the idle world is watched.
constexpr Duration idle_watch = seconds{3};

// The parts of a world that a run puts together.
class Play {
 public:
  Play(const Plan& plan, const RunOptions& options, std::shared_ptr<TaskRepository> store)
      : store_(std::move(store)),
        mistaken_(mistaken_store(options.mistake, *store_)),
        world_(plan, options.verbose),
        witness_(mistaken_ ? *mistaken_ : *store_, world_, plan.expired_page),
        site_{world_, witness_, processors_, options.mistake} {
    // Readers see a mistaken store's numbers too.
    world_.set_store(mistaken_ ? *mistaken_ : *store_);
    add_types(plan);
    add_processes(plan);
  }

  void run();
  [[nodiscard]] World& world() { return world_; }

 private:
  void add_types(const Plan& plan);
  void add_processes(const Plan& plan);
  [[nodiscard]] bool done() const;
  void tell_what_is_left();

  std::shared_ptr<TaskRepository> store_;
  std::unique_ptr<TaskRepository> mistaken_;
  World world_;
  Witness witness_;
  ProcessorRegistry processors_;
  Site site_;
  ChaosProcess* chaos_ = nullptr;
  std::vector<ProducerProcess*> producers_;
  PersonProcess* person_ = nullptr;
};

void Play::add_types(const Plan& plan) {
  for (std::size_t i = 0; i < plan.types.size(); ++i) {
    const auto& drawn = plan.types[i];
    TaskType type;
    type.name = fmt::format("TYPE_{}", i + 1);
    type.max_retries = drawn.max_retries;
    type.timeout = drawn.timeout;
    type.back_off = {.base = drawn.back_off, .factor = 2.0, .cap = seconds{2}};
    type.retention = {drawn.retention, drawn.retention, drawn.retention};
    processors_.add(std::make_shared<SimProcessor>(type.name, drawn.batch_size));
    static_cast<void>(witness_.put_type(type, world_.now()));
  }
}

void Play::add_processes(const Plan& plan) {
  std::uint64_t part = 2;
  auto chaos = std::make_unique<ChaosProcess>(world_, part++);
  chaos_ = chaos.get();
  world_.add(std::move(chaos));
  for (int i = 1; i <= plan.workers; ++i) {
    world_.add(std::make_unique<WorkerProcess>(site_, fmt::format("w{}", i), part++));
  }
  for (int i = 1; i <= plan.maintainers; ++i) {
    world_.add(std::make_unique<MaintenanceProcess>(site_, fmt::format("m{}", i), part++));
  }
  for (int i = 1; i <= plan.producers; ++i) {
    auto producer = std::make_unique<ProducerProcess>(
        site_, fmt::format("p{}", i), part++, i * std::int64_t{1000}, plan.tasks / plan.producers);
    producers_.push_back(producer.get());
    world_.add(std::move(producer));
  }
  if (plan.person) {
    auto person = std::make_unique<PersonProcess>(site_, "person", part++);
    person_ = person.get();
    world_.add(std::move(person));
  }
}

bool Play::done() const {
  return world_.ledger().all_ended() && (person_ == nullptr || person_->content()) &&
         std::ranges::all_of(producers_, [](const auto* one) { return one->content(); });
}

void Play::run() {
  world_.run_until(world_.plan().chaos);
  if (world_.verdict().failed()) return;
  if (world_.plan().faults.ends_in_blackout) chaos_->black_out();
  world_.become_quiet();
  // Slots that are stuck for ever are mended by people: somebody starts a fresh worker.
  world_.add(std::make_unique<WorkerProcess>(site_, "fresh", 1000));
  const auto end = world_.at() + ends_within;
  while (!done() && !world_.over() && world_.at() < end) {
    world_.run_until(world_.at() + seconds{1});
  }
  if (!done()) tell_what_is_left();
  world_.run_until(world_.at() + idle_watch);
  world_.sweep();
}

void Play::tell_what_is_left() {
  for (const auto& [task_id, task] : world_.ledger().tasks()) {
    if (task.stage == Stage::ended) continue;
    world_.verdict().fail(
        "everything-ends",
        fmt::format("task {} is {} after {} attempts, {} after the faults were off", task_id,
                    esteira::to_text(world_.ledger().status(task)), task.claims,
                    format_duration(ends_within)));
  }
  world_.verdict().fail("everything-ends", "a producer or a person was never answered");
}

}  // namespace

RunResult run_seed(std::uint64_t seed, const RunOptions& options) {
  RunResult result;
  auto store = open_repository("sqlite::memory:");
  if (!store) {
    result.violation = Violation{"store-answers", store.error().message};
    return result;
  }
  Play play(draw_plan(seed), options, *std::move(store));
  auto& world = play.world();
  if (options.turns_max) world.limit_turns(*options.turns_max);
  try {
    play.run();
  } catch (const std::exception& exception) {
    world.verdict().fail("no-exception", exception.what());
  }
  result.digest = world.trace().digest();
  result.lines = world.trace().lines();
  result.tasks = world.ledger().tasks().size();
  result.turns = world.turns();
  result.violation = world.verdict().violation();
  if (result.violation) {
    for (const auto line : world.trace().last_lines()) result.last_lines.emplace_back(line);
  }
  return result;
}

}  // namespace esteira::sim
