#include "world/maintenance_process.hpp"

namespace esteira::sim {

MaintenanceProcess::Life::Life(const Site& site, MaintenanceProcess& process)
    : repository(site.connect(process)),
      maintenance({.worker = process.name(),
                   .max_crashes = site.world.plan().max_crashes,
                   .lease = site.world.plan().lease,
                   .prune_interval = site.world.plan().prune},
                  *repository, process.clock(), process.random(), nullptr) {}

MaintenanceProcess::MaintenanceProcess(const Site& site, std::string role, std::uint64_t part)
    : Process(site.world, std::move(role), part), site_(site) {}

Duration MaintenanceProcess::turn() {
  if (!life_) life_ = std::make_unique<Life>(site_, *this);
  static_cast<void>(life_->maintenance.step());  // what failed is offered again in the next round
  const auto scan = world_.plan().scan;
  return between(random(), scan / 2, scan);
}

}  // namespace esteira::sim
