// Operations: what a caller may ask to be done to many tasks. The maintenance does them.
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "domain/operation.hpp"
#include "repository/repository.hpp"

namespace esteira {

// Thread-safe.
class BulkService {
 public:
  BulkService(std::shared_ptr<TaskRepository> repository, std::shared_ptr<const Clock> clock)
      : repository_(std::move(repository)), clock_(std::move(clock)) {}

  // The type is taken in either spelling. An empty filter means all tasks: the caller makes sure
  // that this is what is meant. Errors: invalid_argument, rate_limited.
  [[nodiscard]] Expected<Operation> start(BulkAction action, OperationFilter filter);
  // not_found.
  [[nodiscard]] Expected<Operation> find(OperationId operation_id);

 private:
  const std::shared_ptr<TaskRepository> repository_;
  const std::shared_ptr<const Clock> clock_;
};

}  // namespace esteira
