#include "service/batch_service.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "domain/limits.hpp"
#include "service/new_task.hpp"

namespace esteira {
namespace {

std::unexpected<Error> refuse_field(std::string pointer, std::string message) {
  return std::unexpected(Error{.code = ErrorCode::invalid_argument,
                               .message = fmt::format("{}: {}", pointer.substr(1), message),
                               .fields = {{std::move(pointer), std::move(message)}}});
}

std::unexpected<Error> no_such(const std::string& batch_id) {
  return fail(ErrorCode::not_found, check_batch_id(batch_id)
                                        ? fmt::format("there is no batch {}", batch_id)
                                        : "there is no batch of that name");
}

// What says something of other tasks has no meaning for one that stands after all of them.
Expected<void> check_finish(const TaskOptions& options) {
  const auto refuse = [](std::string_view name) {
    return refuse_field(fmt::format("/finish/{}", name), "is not for a finish task");
  };
  if (!options.depends_on.empty()) return refuse("depends_on");
  if (options.ref) return refuse("ref");
  if (options.batch_id) return refuse("batch_id");
  if (options.unique_key) return refuse("unique_key");
  if (options.idempotency_key) return refuse("idempotency_key");
  return {};
}

}  // namespace

Expected<void> check_batch_id(std::string_view batch_id) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-.:@").contains(c);
  };
  const bool good = !batch_id.empty() && batch_id.size() <= limits::batch_id_bytes_max &&
                    std::ranges::all_of(batch_id, allowed) &&
                    !std::string_view(".:@").contains(batch_id.front());
  if (good) return {};
  return refuse_field("/batch_id",
                      fmt::format("must be 1 to {} letters, digits, \"_\", \"-\", \".\", \":\" and "
                                  "\"@\", and begin with a letter, a digit, \"_\" or \"-\"",
                                  limits::batch_id_bytes_max));
}

BatchService::BatchService(std::shared_ptr<TaskRepository> repository,
                           const ProcessorRegistry* registry, std::shared_ptr<const Clock> clock)
    : repository_(std::move(repository)),
      registry_(registry),
      clock_(std::move(clock)),
      types_(std::make_unique<TypeCache>(*repository_, *clock_)) {}

Expected<NewTaskRow> BatchService::finish_row(const NewTask& finish, Time now) {
  ESTEIRA_TRY(check_finish(finish.options));
  NewTask task = finish;
  if (!task.options.dependency_rule) task.options.dependency_rule = DependencyRule::ended;
  auto row = check_new_task(task, *types_, registry_, now);
  if (row) return row;
  auto error = std::move(row).error();
  for (auto& field : error.fields) field.pointer.insert(0, "/finish");
  return std::unexpected(std::move(error));
}

Expected<TaskBatch> BatchService::create(const std::string& batch_id,
                                         const std::optional<NewTask>& finish) {
  ESTEIRA_TRY(check_batch_id(batch_id));
  const auto now = clock_->now();
  std::optional<NewTaskRow> row;
  if (finish) row = ESTEIRA_TRY(finish_row(*finish, now));
  return repository_->create_batch(batch_id, row, now);
}

Expected<TaskBatch> BatchService::find(const std::string& batch_id) {
  if (!check_batch_id(batch_id)) return no_such(batch_id);
  auto found = ESTEIRA_TRY(repository_->batch(batch_id));
  if (!found) return no_such(batch_id);
  return *std::move(found);
}

Expected<TaskBatch> BatchService::close(const std::string& batch_id) {
  if (!check_batch_id(batch_id)) return no_such(batch_id);
  auto closed = ESTEIRA_TRY(repository_->close_batch(batch_id, clock_->now()));
  if (!closed) return no_such(batch_id);
  repository_->hint();
  return *std::move(closed);
}

Expected<BatchChange> BatchService::cancel(const std::string& batch_id) {
  if (!check_batch_id(batch_id)) return no_such(batch_id);
  auto changed = ESTEIRA_TRY(repository_->cancel_batch(batch_id, clock_->now()));
  if (!changed) return no_such(batch_id);
  repository_->hint();
  return *std::move(changed);
}

Expected<BatchChange> BatchService::retry(const std::string& batch_id) {
  if (!check_batch_id(batch_id)) return no_such(batch_id);
  auto changed = ESTEIRA_TRY(repository_->retry_batch(batch_id, clock_->now()));
  if (!changed) return no_such(batch_id);
  repository_->hint();
  return *std::move(changed);
}

}  // namespace esteira
