// A simulated process that runs the real maintenance.
#pragma once

#include "worker/maintenance.hpp"
#include "world/site.hpp"

namespace esteira::sim {

class MaintenanceProcess final : public Process {
 public:
  MaintenanceProcess(const Site& site, std::string role, std::uint64_t part);

  Duration turn() override;

 protected:
  void forget() override { life_.reset(); }

 private:
  struct Life {
    Life(const Site& site, MaintenanceProcess& process);

    std::shared_ptr<TaskRepository> repository;
    Maintenance maintenance;
  };

  const Site& site_;
  std::unique_ptr<Life> life_;
};

}  // namespace esteira::sim
