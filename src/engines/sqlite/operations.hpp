// The operations of the engine on a connection, cut as the interface is. None takes the lock of the
// repository; those that write expect an open transaction unless they say so. repository.cpp adds
// both.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/lanes.hpp"
#include "engines/sqlite/arrivals.hpp"
#include "engines/sqlite/connection.hpp"
#include "engines/sqlite/waiting.hpp"
#include "repository/repository.hpp"

namespace esteira::sqlite {

// migrate.cpp
[[nodiscard]] Expected<SchemaStatus> schema_status(Connection& connection);
// Opens its own transactions.
[[nodiscard]] Expected<void> migrate(Connection& connection,
                                     const std::function<void(std::string_view)>& applied);

// types.cpp
// A row of task_types, from its first column on.
[[nodiscard]] Expected<TaskType> read_type(const Query& row);
[[nodiscard]] Expected<std::vector<TaskType>> types(Connection& connection);
[[nodiscard]] Expected<std::int64_t> types_version(Connection& connection);
[[nodiscard]] Expected<TaskType> put_type(Connection& connection, const TaskType& type, Time now);

// insert.cpp
[[nodiscard]] Expected<std::vector<InsertedTask>> insert(Connection& connection,
                                                         std::span<const NewTaskRow> rows,
                                                         Time now);
// A task that is held back until `parent` has ended, whatever else its row says.
[[nodiscard]] Expected<TaskId> insert_blocked(Connection& connection, const NewTaskRow& row,
                                              TaskId parent, Time now);
// Inside the open transaction of somebody else's handle.
[[nodiscard]] Expected<std::vector<InsertedTask>> insert_within(sqlite3* handle,
                                                                std::span<const NewTaskRow> rows,
                                                                Time now);

// answers.cpp
[[nodiscard]] Expected<std::optional<KeptAnswer>> kept_answer(Connection& connection,
                                                              std::string_view actor,
                                                              std::string_view key, Time now);
[[nodiscard]] Expected<void> keep_answer(Connection& connection, std::string_view actor,
                                         std::string_view key, const KeptAnswer& answer, Time now);

// claim.cpp
// The due lanes of those of `types` that are not paused. A gated type's lane of tasks without a
// flow and that of its flows may be two of one priority.
struct DueLanes {
  std::vector<Lane> plain;
  std::vector<Lane> gated;
  [[nodiscard]] bool empty() const { return plain.empty() && gated.empty(); }
};
[[nodiscard]] Expected<DueLanes> due_lanes(Connection& connection, std::span<const TypeId> types,
                                           Time now, const Arrivals& arrivals = {});
struct ClaimAnswer {
  std::vector<Claim> claims{};
  // When a rate lets the next task start, where one holds tasks up.
  std::optional<Time> next_at{};
};
[[nodiscard]] Expected<ClaimAnswer> claim(Connection& connection, const ClaimRequest& request,
                                          const std::string& worker, Time now, Arrivals& arrivals);
// When the first scheduled task becomes due.
[[nodiscard]] Expected<std::optional<Time>> next_due(Connection& connection);
[[nodiscard]] Expected<int> promote(Connection& connection, int limit, Time now);
[[nodiscard]] Expected<bool> has_ready(Connection& connection, std::span<const TypeId> types,
                                       Time now);

// lease.cpp
[[nodiscard]] Expected<std::vector<TaskRepository::TakenOver>> take_expired(
    Connection& connection, const std::string& worker, const LeaseId& lease_id, Duration lease,
    int limit, Time now);
[[nodiscard]] Expected<std::vector<Renewal::Held>> cancel_requests(Connection& connection);
[[nodiscard]] Expected<std::vector<std::optional<Claim>>> open_claims(
    Connection& connection, std::span<const Fence> fences);
[[nodiscard]] Expected<std::vector<Claim>> claims_of(Connection& connection,
                                                     const std::string& worker);
// Takes tasks that are deleted off the leases that still list them: without their execution rows
// they would look as if they ran. `ids` is sorted.
[[nodiscard]] Expected<void> strike_from_leases(Connection& connection, std::vector<TaskId> ids);

// tick.cpp
// The whole tick: opens its own transaction, and none when there is nothing to do.
[[nodiscard]] Expected<TickAnswer> tick(Connection& connection, const TickRequest& request,
                                        Time now);

// read.cpp
[[nodiscard]] Expected<std::optional<Task>> task(Connection& connection, TaskId task_id);
[[nodiscard]] Expected<std::vector<Task>> tasks(Connection& connection, const TaskFilter& filter);
// The ids of those that pass the filter now, newest first, whatever its own limit; `limit` at most.
[[nodiscard]] Expected<std::vector<TaskId>> fitting(Connection& connection,
                                                    const TaskFilter& filter, std::size_t limit);
[[nodiscard]] Expected<std::vector<Execution>> executions(Connection& connection, TaskId task_id);
[[nodiscard]] Expected<std::vector<LogLine>> log_lines(Connection& connection, TaskId task_id);
[[nodiscard]] Expected<void> put_worker(Connection& connection, const WorkerRecord& worker);
[[nodiscard]] Expected<void> remove_worker(Connection& connection, const std::string& name);
[[nodiscard]] Expected<std::vector<WorkerRecord>> workers(Connection& connection);
[[nodiscard]] Expected<std::optional<WorkerRecord>> worker(Connection& connection,
                                                           const std::string& name);
[[nodiscard]] Expected<std::optional<WorkerCommand>> touch_worker(Connection& connection,
                                                                  const std::string& name,
                                                                  Time now);
[[nodiscard]] Expected<bool> command_worker(Connection& connection, const std::string& name,
                                            WorkerCommand command);

// change.cpp
// With `only`, what stands in another status is left as it is (wrong_status).
[[nodiscard]] Expected<std::vector<ChangeStatus>> change(
    Connection& connection, BulkAction action, std::span<const TaskId> ids, Time now,
    std::optional<TaskStatus> only = std::nullopt);
// Deletes every row of a task but those of what waits, runs or may expire; afterwards
// strike_from_leases.
[[nodiscard]] Expected<void> erase_task(Connection& connection, TaskId task_id);

// edit.cpp
[[nodiscard]] Expected<EditAnswer> edit(Connection& connection, TaskId task_id,
                                        const TaskEditRow& edit, Time now);
// The same of a task that is known to wait; `write_change` is the caller's.
[[nodiscard]] Expected<void> edit_waiting(Connection& connection, const WaitingTask& task,
                                          const TaskEditRow& edit, Time now);

// expire.cpp
// Opens its own transaction, and none when there is nothing to do.
[[nodiscard]] Expected<int> expire_waiting(Connection& connection, int limit, Time now);
[[nodiscard]] Expected<std::int64_t> count_waiting(Connection& connection, TypeId type_id,
                                                   std::int64_t most);

// dependents.cpp
// Opens its own transaction, and none when there is nothing to do.
[[nodiscard]] Expected<bool> work_dependencies(Connection& connection, Time now);
// `tell_dependents`, and says which tasks that changed.
[[nodiscard]] Expected<void> tell_and_note(Connection& connection, Time now);

// batches.cpp
[[nodiscard]] Expected<TaskBatch> create_batch(Connection& connection, const std::string& batch_id,
                                               const std::optional<NewTaskRow>& finish, Time now);
[[nodiscard]] Expected<std::optional<TaskBatch>> batch(Connection& connection,
                                                       const std::string& batch_id);
[[nodiscard]] Expected<std::optional<TaskBatch>> close_batch(Connection& connection,
                                                             const std::string& batch_id, Time now);
[[nodiscard]] Expected<std::optional<BatchChange>> cancel_batch(Connection& connection,
                                                                const std::string& batch_id,
                                                                Time now);
[[nodiscard]] Expected<std::optional<BatchChange>> retry_batch(Connection& connection,
                                                               const std::string& batch_id,
                                                               Time now);

// bulk.cpp
// These open their own transactions.
[[nodiscard]] Expected<Operation> start_operation(Connection& connection, BulkAction action,
                                                  const OperationFilter& filter, Time now);
[[nodiscard]] Expected<std::optional<Operation>> work_operation(Connection& connection,
                                                                std::optional<OperationId> only,
                                                                Time now);
[[nodiscard]] Expected<std::optional<Operation>> operation(Connection& connection,
                                                           OperationId operation_id);

// changes.cpp
// Says that the open transaction changed these tasks, in any order and however often named.
[[nodiscard]] Expected<void> write_change(Connection& connection, std::vector<TaskId> ids,
                                          Time now);
[[nodiscard]] Expected<ChangesPage> changes(Connection& connection,
                                            const std::optional<std::string>& after, int limit);
[[nodiscard]] Expected<std::vector<TaskState>> task_states(Connection& connection,
                                                           std::span<const TaskId> ids);

// keys.cpp
[[nodiscard]] Expected<void> put_key(Connection& connection, const StoredKey& key);
[[nodiscard]] Expected<std::vector<StoredKey>> keys(Connection& connection);
[[nodiscard]] Expected<bool> revoke_key(Connection& connection, std::string_view key_id, Time now);
[[nodiscard]] Expected<void> touch_keys(Connection& connection, std::span<const KeyUse> uses);

// sessions.cpp
[[nodiscard]] Expected<void> put_session(Connection& connection, const Session& session);
[[nodiscard]] Expected<std::optional<Session>> session(Connection& connection,
                                                       const Sha256& token_hash);
[[nodiscard]] Expected<void> touch_session(Connection& connection, const Sha256& token_hash,
                                           Time now);
[[nodiscard]] Expected<void> remove_session(Connection& connection, const Sha256& token_hash);

// schedules.cpp
[[nodiscard]] Expected<std::vector<Schedule>> schedules(Connection& connection);
[[nodiscard]] Expected<std::optional<Schedule>> schedule(Connection& connection,
                                                         const std::string& name);
[[nodiscard]] Expected<std::vector<ScheduleLook>> schedule_looks(Connection& connection, int limit);
[[nodiscard]] Expected<void> put_schedule(Connection& connection, const Schedule& schedule);
[[nodiscard]] Expected<bool> remove_schedule(Connection& connection, const std::string& name);
[[nodiscard]] Expected<std::vector<Time>> note_schedule_runs(Connection& connection,
                                                             const std::string& name,
                                                             std::span<const Time> nominal,
                                                             Time now);
[[nodiscard]] Expected<void> set_schedule_tasks(Connection& connection, const std::string& name,
                                                std::span<const ScheduleRun> runs);
[[nodiscard]] Expected<std::vector<ScheduleRun>> schedule_runs(Connection& connection,
                                                               const std::string& name, int limit);

// ciphers.cpp
[[nodiscard]] Expected<void> put_cipher(Connection& connection, TaskId task_id,
                                        const TaskCipher& cipher);
[[nodiscard]] Expected<std::vector<StoredCipher>> task_ciphers(Connection& connection,
                                                               std::span<const TaskId> ids);
[[nodiscard]] Expected<void> put_root_cipher(Connection& connection, const TaskCipher& cipher);
[[nodiscard]] Expected<std::vector<CipherCount>> cipher_counts(Connection& connection);
[[nodiscard]] Expected<std::vector<StoredCipher>> ciphers_under(Connection& connection,
                                                                const std::string& key_id,
                                                                TaskId after, int limit);
[[nodiscard]] Expected<int> rewrap(Connection& connection, std::span<const Rewrapped> rewrapped);

// audit.cpp
[[nodiscard]] Expected<AuditRecord> append_audit(Connection& connection, const AuditEntry& entry,
                                                 Time now);
[[nodiscard]] Expected<std::vector<AuditRecord>> audit_page(Connection& connection,
                                                            std::optional<std::int64_t> before,
                                                            int limit);
[[nodiscard]] Expected<std::vector<AuditRecord>> audit_scan(Connection& connection,
                                                            std::int64_t after, int limit);

// stats.cpp
[[nodiscard]] Expected<Stats> stats(Connection& connection, Time now);

}  // namespace esteira::sqlite
