// What a person may ask about batches.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "domain/batch.hpp"
#include "esteira/processor.hpp"
#include "repository/repository.hpp"
#include "service/type_cache.hpp"

namespace esteira {

// 1 to 100 letters, digits, "_", "-", ".", ":" and "@"; it does not begin with one of ".:@".
[[nodiscard]] Expected<void> check_batch_id(std::string_view batch_id);

// Thread-safe where the repository is.
class BatchService {
 public:
  // `registry` (may be null; must outlive the service): its processors are asked about payloads.
  BatchService(std::shared_ptr<TaskRepository> repository, const ProcessorRegistry* registry,
               std::shared_ptr<const Clock> clock);

  // `finish`: a task that runs once the batch is closed and all of its tasks have ended, whatever
  // their ends unless it says otherwise. Errors: invalid_argument with `fields`, not_found (its
  // type is unknown), conflict (there is such a batch).
  [[nodiscard]] Expected<TaskBatch> create(const std::string& batch_id,
                                           const std::optional<NewTask>& finish);
  // The others: not_found.
  [[nodiscard]] Expected<TaskBatch> find(const std::string& batch_id);
  // No task joins it any more.
  [[nodiscard]] Expected<TaskBatch> close(const std::string& batch_id);
  // See the repository's.
  [[nodiscard]] Expected<BatchChange> cancel(const std::string& batch_id);
  [[nodiscard]] Expected<BatchChange> retry(const std::string& batch_id);

 private:
  [[nodiscard]] Expected<NewTaskRow> finish_row(const NewTask& finish, Time now);

  const std::shared_ptr<TaskRepository> repository_;
  const ProcessorRegistry* const registry_;
  const std::shared_ptr<const Clock> clock_;
  std::unique_ptr<TypeCache> types_;  // moves with the service
};

}  // namespace esteira
