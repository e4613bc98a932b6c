// What the code of a route works with.
#pragma once

#include <memory>

#include "esteira/service.hpp"
#include "http/in_flight.hpp"
#include "repository/database_clock.hpp"
#include "repository/repository.hpp"
#include "service/batch_service.hpp"
#include "service/schedule_service.hpp"
#include "service/type_service.hpp"

namespace esteira::http {

// A set of services over one repository. Each thread of the pool has its own, so that calls do not
// queue behind each other's SQL.
struct Services {
  std::shared_ptr<TaskRepository> repository;
  std::shared_ptr<DatabaseClock> clock;
  TaskService tasks;
  TypeService types;
  ScheduleService schedules;
  BatchService batches;
  std::shared_ptr<InFlight> in_flight;  // shared by all sets

  [[nodiscard]] Time now() const { return clock->now(); }
};

}  // namespace esteira::http
