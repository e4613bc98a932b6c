#include "service/bulk_service.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"
#include "domain/policy.hpp"

namespace esteira {

Expected<Operation> BulkService::start(BulkAction action, OperationFilter filter) {
  if (filter.type) filter.type = std::string(canonical_type_name(*filter.type));
  return repository_->start_operation(action, filter, clock_->now());
}

Expected<Operation> BulkService::find(OperationId operation_id) {
  auto found = ESTEIRA_TRY(repository_->operation(operation_id));
  if (found) return *std::move(found);
  return fail(ErrorCode::not_found, fmt::format("there is no operation {}", operation_id));
}

}  // namespace esteira
