#include "world/person_process.hpp"

namespace esteira::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

}  // namespace

PersonProcess::Tools::Tools(const Site& site, PersonProcess& person)
    : repository(site.connect(person)),
      tasks(repository, &site.processors, person.shared_clock()),
      types(repository, person.shared_clock()) {}

PersonProcess::PersonProcess(const Site& site, std::string role, std::uint64_t part)
    : Process(site.world, std::move(role), part), site_(site) {}

Duration PersonProcess::turn() {
  if (!tools_) tools_ = std::make_unique<Tools>(site_, *this);
  if (world_.quiet() || (!paused_.empty() && chance(random(), 0.3))) {
    resume_all();
    return world_.quiet() ? seconds{1} : milliseconds{500};
  }
  if (chance(random(), 0.15)) {
    pause_a_type();
  } else {
    change_a_task();
  }
  return spread(random(), milliseconds{50}, seconds{3});
}

void PersonProcess::change_a_task() {
  const auto& tasks = world_.ledger().tasks();
  if (tasks.empty()) return;
  auto chosen = tasks.begin();
  std::advance(chosen, random().below(static_cast<int>(tasks.size())));
  const auto task_id = chosen->first;
  const double what = random().fraction();
  if (what < 0.45) {
    static_cast<void>(tools_->tasks.cancel_task(task_id));
  } else if (what < 0.8) {
    static_cast<void>(tools_->tasks.retry_task(task_id));
  } else {
    static_cast<void>(tools_->repository->remove(std::span(&task_id, 1), clock().now()));
  }
}

void PersonProcess::pause_a_type() {
  const auto& types = site_.processors.all();
  const auto type = static_cast<std::size_t>(random().below(static_cast<int>(types.size())));
  const std::string name(types[type]->task_type());
  std::erase(paused_, name);
  paused_.push_back(name);
  static_cast<void>(tools_->types.pause(name));
}

void PersonProcess::resume_all() {
  while (!paused_.empty()) {
    if (!tools_->types.resume(paused_.back())) return;
    paused_.pop_back();
  }
}

}  // namespace esteira::sim
