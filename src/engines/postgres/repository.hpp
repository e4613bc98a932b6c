// The tasks in PostgreSQL 13 or later, in the schema `esteira`.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/recursive_mutex.hpp"
#include "engines/postgres/connection.hpp"
#include "engines/postgres/dependents.hpp"
#include "engines/postgres/lane_book.hpp"
#include "engines/postgres/range.hpp"
#include "engines/postgres/wake.hpp"
#include "esteira/repository.hpp"
#include "repository/held_hints.hpp"
#include "repository/repository.hpp"

namespace esteira::postgres {

// `url`: any libpq URI or connection string.
[[nodiscard]] Expected<std::shared_ptr<TaskRepository>> open(std::string_view url, Migrate migrate);

// The words for a schema that this program does not know.
[[nodiscard]] std::string newer_schema(int current, int known);

// A row of types.sql, gate_find.sql.
[[nodiscard]] Expected<TaskType> read_type(const Rows& rows, int row);

// What became due.
struct Promotion {
  int promoted = 0;
  std::optional<Time> next_due_at{};
};

class Repository final : public TaskRepository {
 public:
  Repository(std::string url, std::string address);

  [[nodiscard]] std::string_view engine() const override { return "postgresql"; }
  [[nodiscard]] std::string address() const override { return address_; }
  [[nodiscard]] Expected<void> ping() override;
  [[nodiscard]] Expected<Time> server_time() override;

  [[nodiscard]] Expected<SchemaStatus> schema_status() override;
  [[nodiscard]] Expected<void> migrate(
      const std::function<void(std::string_view)>& applied) override;

  [[nodiscard]] Expected<std::vector<TaskType>> types() override;
  [[nodiscard]] Expected<std::int64_t> types_version() override;
  [[nodiscard]] Expected<TaskType> put_type(const TaskType& type, Time now) override;

  [[nodiscard]] Expected<std::vector<InsertedTask>> insert(std::span<const NewTaskRow> rows,
                                                           Time now) override;
  [[nodiscard]] Expected<std::vector<InsertedTask>> insert_within(CallerConnection connection,
                                                                  std::span<const NewTaskRow> rows,
                                                                  Time now) override;
  [[nodiscard]] Expected<void> atomically(const std::function<Expected<void>()>& work) override;
  [[nodiscard]] Expected<std::optional<KeptAnswer>> kept_answer(std::string_view actor,
                                                                std::string_view key,
                                                                Time now) override;
  [[nodiscard]] Expected<void> keep_answer(std::string_view actor, std::string_view key,
                                           const KeptAnswer& answer, Time now) override;
  void hint() override;
  void listen(std::function<void()> wake) override;

  [[nodiscard]] Expected<TickAnswer> tick(const TickRequest& request, Time now) override;
  [[nodiscard]] Expected<std::vector<Renewal::Held>> cancel_requests() override;
  [[nodiscard]] Expected<std::vector<std::optional<Claim>>> open_claims(
      std::span<const Fence> fences) override;
  [[nodiscard]] Expected<std::vector<Claim>> claims_of(const std::string& worker) override;
  [[nodiscard]] Expected<std::vector<TakenOver>> take_expired(const std::string& worker,
                                                              const LeaseId& lease_id,
                                                              Duration lease, int limit,
                                                              Time now) override;
  [[nodiscard]] Expected<bool> has_ready(std::span<const TypeId> types, Time now) override;

  [[nodiscard]] Expected<void> put_worker(const WorkerRecord& worker) override;
  [[nodiscard]] Expected<void> remove_worker(const std::string& name) override;
  [[nodiscard]] Expected<std::vector<WorkerRecord>> workers() override;
  [[nodiscard]] Expected<std::optional<WorkerRecord>> worker(const std::string& name) override;
  [[nodiscard]] Expected<std::optional<WorkerCommand>> touch_worker(const std::string& name,
                                                                    Time now) override;
  [[nodiscard]] Expected<bool> command_worker(const std::string& name,
                                              WorkerCommand command) override;

  [[nodiscard]] Expected<std::optional<Task>> task(TaskId task_id, Time now) override;
  [[nodiscard]] Expected<std::vector<Task>> tasks(const TaskFilter& filter, Time now) override;
  [[nodiscard]] Expected<std::vector<Execution>> executions(TaskId task_id) override;
  [[nodiscard]] Expected<std::vector<LogLine>> log_lines(TaskId task_id) override;
  [[nodiscard]] Expected<Stats> stats(Time now) override;

  [[nodiscard]] Expected<ChangesPage> changes(const std::optional<std::string>& after,
                                              int limit) override;
  [[nodiscard]] Expected<std::vector<TaskState>> task_states(std::span<const TaskId> ids) override;

  [[nodiscard]] Expected<std::vector<ChangeStatus>> cancel(std::span<const TaskId> ids,
                                                           Time now) override;
  [[nodiscard]] Expected<std::vector<ChangeStatus>> retry(std::span<const TaskId> ids,
                                                          Time now) override;
  [[nodiscard]] Expected<std::vector<ChangeStatus>> remove(std::span<const TaskId> ids,
                                                           Time now) override;
  [[nodiscard]] Expected<EditAnswer> edit(TaskId task_id, const TaskEditRow& edit,
                                          Time now) override;
  [[nodiscard]] Expected<Operation> start_operation(BulkAction action,
                                                    const OperationFilter& filter,
                                                    Time now) override;
  [[nodiscard]] Expected<std::optional<Operation>> operation(OperationId operation_id) override;
  [[nodiscard]] Expected<std::optional<Operation>> work_operation(std::optional<OperationId> only,
                                                                  Time now) override;
  [[nodiscard]] Expected<int> expire_waiting(int limit, Time now) override;
  [[nodiscard]] Expected<bool> work_dependencies(Time now) override;
  [[nodiscard]] Expected<TaskBatch> create_batch(const std::string& batch_id,
                                                 const std::optional<NewTaskRow>& finish,
                                                 Time now) override;
  [[nodiscard]] Expected<std::optional<TaskBatch>> batch(const std::string& batch_id) override;
  [[nodiscard]] Expected<std::optional<TaskBatch>> close_batch(const std::string& batch_id,
                                                               Time now) override;
  [[nodiscard]] Expected<std::optional<BatchChange>> cancel_batch(const std::string& batch_id,
                                                                  Time now) override;
  [[nodiscard]] Expected<std::optional<BatchChange>> retry_batch(const std::string& batch_id,
                                                                 Time now) override;
  [[nodiscard]] Expected<std::int64_t> count_waiting(TypeId type_id, std::int64_t most) override;
  [[nodiscard]] Expected<std::int64_t> prune(const PruneRequest& request, Time now) override;
  [[nodiscard]] Expected<RangeStep> drop_range(const PruneRequest& request, Time now) override;
  [[nodiscard]] Expected<void> put_key(const StoredKey& key) override;
  [[nodiscard]] Expected<std::vector<StoredKey>> keys() override;
  [[nodiscard]] Expected<bool> revoke_key(std::string_view key_id, Time now) override;
  [[nodiscard]] Expected<void> touch_keys(std::span<const KeyUse> uses) override;
  [[nodiscard]] Expected<void> put_session(const Session& session) override;
  [[nodiscard]] Expected<std::optional<Session>> session(const Sha256& token_hash) override;
  [[nodiscard]] Expected<void> touch_session(const Sha256& token_hash, Time now) override;
  [[nodiscard]] Expected<void> remove_session(const Sha256& token_hash) override;
  [[nodiscard]] Expected<std::vector<Schedule>> schedules() override;
  [[nodiscard]] Expected<std::optional<Schedule>> schedule(const std::string& name) override;
  [[nodiscard]] Expected<std::vector<ScheduleLook>> schedule_looks(int limit) override;
  [[nodiscard]] Expected<std::optional<Schedule>> lock_schedule(const std::string& name,
                                                                WhenLocked when) override;
  [[nodiscard]] Expected<void> put_schedule(const Schedule& schedule) override;
  [[nodiscard]] Expected<bool> remove_schedule(const std::string& name) override;
  [[nodiscard]] Expected<std::vector<Time>> note_schedule_runs(const std::string& name,
                                                               std::span<const Time> nominal,
                                                               Time now) override;
  [[nodiscard]] Expected<void> set_schedule_tasks(const std::string& name,
                                                  std::span<const ScheduleRun> runs) override;
  [[nodiscard]] Expected<std::vector<ScheduleRun>> schedule_runs(const std::string& name,
                                                                 int limit) override;
  [[nodiscard]] Expected<std::vector<StoredCipher>> task_ciphers(
      std::span<const TaskId> ids) override;
  [[nodiscard]] Expected<void> put_root_cipher(const TaskCipher& cipher) override;
  [[nodiscard]] Expected<std::vector<CipherCount>> cipher_counts() override;
  [[nodiscard]] Expected<std::vector<StoredCipher>> ciphers_under(const std::string& key_id,
                                                                  TaskId after, int limit) override;
  [[nodiscard]] Expected<int> rewrap(std::span<const Rewrapped> rewrapped) override;
  [[nodiscard]] Expected<AuditRecord> append_audit(const AuditEntry& entry, Time now) override;
  [[nodiscard]] Expected<std::vector<AuditRecord>> audit_page(std::optional<std::int64_t> before,
                                                              int limit) override;
  [[nodiscard]] Expected<std::vector<AuditRecord>> audit_scan(std::int64_t after,
                                                              int limit) override;
  [[nodiscard]] Expected<void> maintain(Time now) override;

 private:
  [[nodiscard]] Expected<std::vector<Task>> tasks_by_id(std::span<const TaskId> ids,
                                                        std::optional<TaskStatus> status)
      ESTEIRA_REQUIRES(mutex_);
  void notify();
  // Which parts of a tick its one transaction carries.
  struct TickParts {
    bool claims = false;
    bool promotes = false;
    bool looked = false;  // at the lanes, just before
  };
  [[nodiscard]] Expected<void> run_tick(const TickRequest& request, const TickParts& parts,
                                        Time now, TickAnswer& answer) ESTEIRA_REQUIRES(mutex_);
  [[nodiscard]] Expected<Promotion> look_at_lanes(const ClaimRequest& request, int promote_limit,
                                                  Time now) ESTEIRA_REQUIRES(mutex_);
  [[nodiscard]] Promotion read_promotion(const Rows& moved, const Rows& next)
      ESTEIRA_REQUIRES(mutex_);
  // Nothing where no lease has that id.
  [[nodiscard]] Expected<std::optional<std::vector<Claim>>> claim_again(const ClaimRequest& request)
      ESTEIRA_REQUIRES(mutex_);
  void add_rest(const TickRequest& request, bool merged, Time now, TickAnswer& answer)
      ESTEIRA_REQUIRES(mutex_);
  // Those who wait for what has ended: some of them, or one round.
  // Whether tasks became ready by it.
  bool tell(Time now) ESTEIRA_REQUIRES(mutex_);
  [[nodiscard]] Expected<Told> tell_once(Time now) ESTEIRA_REQUIRES(mutex_);
  void tell_if_noted(Time now) ESTEIRA_REQUIRES(mutex_);
  // At the parents of tasks that are held back, after their commit.
  void look_again(std::span<const TaskId> children, Time now) ESTEIRA_REQUIRES(mutex_);
  // How much of a claim is kept for the gated types.
  [[nodiscard]] int gated_share(const ClaimRequest& claim) ESTEIRA_REQUIRES(mutex_);
  // Of the gated types, beside what the tick has claimed.
  void add_gated(const TickRequest& request, Time now, TickAnswer& answer) ESTEIRA_REQUIRES(mutex_);
  struct GatedClaims {
    std::vector<Claim> claims;
    std::optional<Time> next_at;
  };
  [[nodiscard]] Expected<GatedClaims> claim_gated(const TickRequest& request,
                                                  std::span<const TypeId> types, int most, Time now)
      ESTEIRA_REQUIRES(mutex_);
  [[nodiscard]] Expected<std::vector<Claim>> claim_rest(const TickRequest& request, int claimed,
                                                        bool merged, Time now)
      ESTEIRA_REQUIRES(mutex_);

  const std::string address_;
  HeldHints hints_;
  // Which rows of task_stats_minute this object adds to.
  const int shard_;
  RecursiveMutex mutex_;
  Connection connection_ ESTEIRA_GUARDED_BY(mutex_);
  LaneBook lanes_ ESTEIRA_GUARDED_BY(mutex_);
  // When the next scheduled task becomes due, as the last tick saw it.
  std::optional<Time> next_due_ ESTEIRA_GUARDED_BY(mutex_);
  // Tasks of gated types waited when they were last looked for.
  bool gated_wait_ ESTEIRA_GUARDED_BY(mutex_) = false;
  bool gated_turn_ ESTEIRA_GUARDED_BY(mutex_) = false;
  // The last tick ended tasks that others wait for.
  bool others_wait_ ESTEIRA_GUARDED_BY(mutex_) = false;
  // How far the look at all edges has come.
  Edge checked_edge_ ESTEIRA_GUARDED_BY(mutex_);
  // Where the walk of the retention stands; 0: at the oldest task.
  TaskId prune_after_ ESTEIRA_GUARDED_BY(mutex_) = 0;
  RangeKeeper ranges_ ESTEIRA_GUARDED_BY(mutex_);
  // Last, so that its threads end first.
  Wake wake_;
};

}  // namespace esteira::postgres
