// A repository that hands every call on to another: decorators override what they change.
#pragma once

#include "repository/repository.hpp"

namespace esteira {

class DelegateRepository : public TaskRepository {
 public:
  // `inner` must outlive it.
  explicit DelegateRepository(TaskRepository& inner) : inner_(inner) {}

  [[nodiscard]] std::string_view engine() const override { return inner_.engine(); }
  [[nodiscard]] std::string address() const override { return inner_.address(); }
  [[nodiscard]] Expected<void> ping() override { return inner_.ping(); }
  [[nodiscard]] Expected<Time> server_time() override { return inner_.server_time(); }
  [[nodiscard]] Expected<SchemaStatus> schema_status() override { return inner_.schema_status(); }
  [[nodiscard]] Expected<void> migrate(
      const std::function<void(std::string_view)>& applied) override {
    return inner_.migrate(applied);
  }
  [[nodiscard]] Expected<std::vector<TaskType>> types() override { return inner_.types(); }
  [[nodiscard]] Expected<std::int64_t> types_version() override { return inner_.types_version(); }
  [[nodiscard]] Expected<TaskType> put_type(const TaskType& type, Time now) override {
    return inner_.put_type(type, now);
  }
  [[nodiscard]] Expected<std::vector<InsertedTask>> insert(std::span<const NewTaskRow> rows,
                                                           Time now) override {
    return inner_.insert(rows, now);
  }
  [[nodiscard]] Expected<std::vector<InsertedTask>> insert_within(CallerConnection connection,
                                                                  std::span<const NewTaskRow> rows,
                                                                  Time now) override {
    return inner_.insert_within(connection, rows, now);
  }
  [[nodiscard]] Expected<void> atomically(const std::function<Expected<void>()>& work) override {
    return inner_.atomically(work);
  }
  [[nodiscard]] Expected<std::optional<KeptAnswer>> kept_answer(std::string_view actor,
                                                                std::string_view key,
                                                                Time now) override {
    return inner_.kept_answer(actor, key, now);
  }
  [[nodiscard]] Expected<void> keep_answer(std::string_view actor, std::string_view key,
                                           const KeptAnswer& answer, Time now) override {
    return inner_.keep_answer(actor, key, answer, now);
  }
  void hint() override { inner_.hint(); }
  void listen(std::function<void()> wake) override { inner_.listen(std::move(wake)); }
  [[nodiscard]] Expected<TickAnswer> tick(const TickRequest& request, Time now) override {
    return inner_.tick(request, now);
  }
  [[nodiscard]] Expected<std::vector<Renewal::Held>> cancel_requests() override {
    return inner_.cancel_requests();
  }
  [[nodiscard]] Expected<std::vector<std::optional<Claim>>> open_claims(
      std::span<const Fence> fences) override {
    return inner_.open_claims(fences);
  }
  [[nodiscard]] Expected<std::vector<Claim>> claims_of(const std::string& worker) override {
    return inner_.claims_of(worker);
  }
  [[nodiscard]] Expected<std::vector<TakenOver>> take_expired(const std::string& worker,
                                                              const LeaseId& lease_id,
                                                              Duration lease, int limit,
                                                              Time now) override {
    return inner_.take_expired(worker, lease_id, lease, limit, now);
  }
  [[nodiscard]] Expected<bool> has_ready(std::span<const TypeId> types, Time now) override {
    return inner_.has_ready(types, now);
  }
  [[nodiscard]] Expected<void> put_worker(const WorkerRecord& worker) override {
    return inner_.put_worker(worker);
  }
  [[nodiscard]] Expected<void> remove_worker(const std::string& name) override {
    return inner_.remove_worker(name);
  }
  [[nodiscard]] Expected<std::vector<WorkerRecord>> workers() override { return inner_.workers(); }
  [[nodiscard]] Expected<std::optional<WorkerRecord>> worker(const std::string& name) override {
    return inner_.worker(name);
  }
  [[nodiscard]] Expected<std::optional<WorkerCommand>> touch_worker(const std::string& name,
                                                                    Time now) override {
    return inner_.touch_worker(name, now);
  }
  [[nodiscard]] Expected<bool> command_worker(const std::string& name,
                                              WorkerCommand command) override {
    return inner_.command_worker(name, command);
  }
  [[nodiscard]] Expected<std::optional<Task>> task(TaskId task_id, Time now) override {
    return inner_.task(task_id, now);
  }
  [[nodiscard]] Expected<std::vector<Task>> tasks(const TaskFilter& filter, Time now) override {
    return inner_.tasks(filter, now);
  }
  [[nodiscard]] Expected<std::vector<Execution>> executions(TaskId task_id) override {
    return inner_.executions(task_id);
  }
  [[nodiscard]] Expected<std::vector<LogLine>> log_lines(TaskId task_id) override {
    return inner_.log_lines(task_id);
  }
  [[nodiscard]] Expected<Stats> stats(Time now) override { return inner_.stats(now); }
  [[nodiscard]] Expected<ChangesPage> changes(const std::optional<std::string>& after,
                                              int limit) override {
    return inner_.changes(after, limit);
  }
  [[nodiscard]] Expected<std::vector<TaskState>> task_states(std::span<const TaskId> ids) override {
    return inner_.task_states(ids);
  }
  [[nodiscard]] Expected<std::vector<ChangeStatus>> cancel(std::span<const TaskId> ids,
                                                           Time now) override {
    return inner_.cancel(ids, now);
  }
  [[nodiscard]] Expected<std::vector<ChangeStatus>> retry(std::span<const TaskId> ids,
                                                          Time now) override {
    return inner_.retry(ids, now);
  }
  [[nodiscard]] Expected<std::vector<ChangeStatus>> remove(std::span<const TaskId> ids,
                                                           Time now) override {
    return inner_.remove(ids, now);
  }
  [[nodiscard]] Expected<EditAnswer> edit(TaskId task_id, const TaskEditRow& edit,
                                          Time now) override {
    return inner_.edit(task_id, edit, now);
  }
  [[nodiscard]] Expected<Operation> start_operation(BulkAction action,
                                                    const OperationFilter& filter,
                                                    Time now) override {
    return inner_.start_operation(action, filter, now);
  }
  [[nodiscard]] Expected<std::optional<Operation>> operation(OperationId operation_id) override {
    return inner_.operation(operation_id);
  }
  [[nodiscard]] Expected<std::optional<Operation>> work_operation(std::optional<OperationId> only,
                                                                  Time now) override {
    return inner_.work_operation(only, now);
  }
  [[nodiscard]] Expected<bool> work_dependencies(Time now) override {
    return inner_.work_dependencies(now);
  }
  [[nodiscard]] Expected<TaskBatch> create_batch(const std::string& batch_id,
                                                 const std::optional<NewTaskRow>& finish,
                                                 Time now) override {
    return inner_.create_batch(batch_id, finish, now);
  }
  [[nodiscard]] Expected<std::optional<TaskBatch>> batch(const std::string& batch_id) override {
    return inner_.batch(batch_id);
  }
  [[nodiscard]] Expected<std::optional<TaskBatch>> close_batch(const std::string& batch_id,
                                                               Time now) override {
    return inner_.close_batch(batch_id, now);
  }
  [[nodiscard]] Expected<std::optional<BatchChange>> cancel_batch(const std::string& batch_id,
                                                                  Time now) override {
    return inner_.cancel_batch(batch_id, now);
  }
  [[nodiscard]] Expected<std::optional<BatchChange>> retry_batch(const std::string& batch_id,
                                                                 Time now) override {
    return inner_.retry_batch(batch_id, now);
  }
  [[nodiscard]] Expected<int> expire_waiting(int limit, Time now) override {
    return inner_.expire_waiting(limit, now);
  }
  [[nodiscard]] Expected<std::int64_t> count_waiting(TypeId type_id, std::int64_t most) override {
    return inner_.count_waiting(type_id, most);
  }
  [[nodiscard]] Expected<RangeStep> drop_range(const PruneRequest& request, Time now) override {
    return inner_.drop_range(request, now);
  }
  [[nodiscard]] Expected<std::int64_t> prune(const PruneRequest& request, Time now) override {
    return inner_.prune(request, now);
  }
  [[nodiscard]] Expected<void> put_key(const StoredKey& key) override {
    return inner_.put_key(key);
  }
  [[nodiscard]] Expected<std::vector<StoredKey>> keys() override { return inner_.keys(); }
  [[nodiscard]] Expected<bool> revoke_key(std::string_view key_id, Time now) override {
    return inner_.revoke_key(key_id, now);
  }
  [[nodiscard]] Expected<void> touch_keys(std::span<const KeyUse> uses) override {
    return inner_.touch_keys(uses);
  }
  [[nodiscard]] Expected<void> put_session(const Session& session) override {
    return inner_.put_session(session);
  }
  [[nodiscard]] Expected<std::optional<Session>> session(const Sha256& token_hash) override {
    return inner_.session(token_hash);
  }
  [[nodiscard]] Expected<void> touch_session(const Sha256& token_hash, Time now) override {
    return inner_.touch_session(token_hash, now);
  }
  [[nodiscard]] Expected<void> remove_session(const Sha256& token_hash) override {
    return inner_.remove_session(token_hash);
  }
  [[nodiscard]] Expected<std::vector<Schedule>> schedules() override { return inner_.schedules(); }
  [[nodiscard]] Expected<std::optional<Schedule>> schedule(const std::string& name) override {
    return inner_.schedule(name);
  }
  [[nodiscard]] Expected<std::vector<ScheduleLook>> schedule_looks(int limit) override {
    return inner_.schedule_looks(limit);
  }
  [[nodiscard]] Expected<std::optional<Schedule>> lock_schedule(const std::string& name,
                                                                WhenLocked when) override {
    return inner_.lock_schedule(name, when);
  }
  [[nodiscard]] Expected<void> put_schedule(const Schedule& schedule) override {
    return inner_.put_schedule(schedule);
  }
  [[nodiscard]] Expected<bool> remove_schedule(const std::string& name) override {
    return inner_.remove_schedule(name);
  }
  [[nodiscard]] Expected<std::vector<Time>> note_schedule_runs(const std::string& name,
                                                               std::span<const Time> nominal,
                                                               Time now) override {
    return inner_.note_schedule_runs(name, nominal, now);
  }
  [[nodiscard]] Expected<void> set_schedule_tasks(const std::string& name,
                                                  std::span<const ScheduleRun> runs) override {
    return inner_.set_schedule_tasks(name, runs);
  }
  [[nodiscard]] Expected<std::vector<ScheduleRun>> schedule_runs(const std::string& name,
                                                                 int limit) override {
    return inner_.schedule_runs(name, limit);
  }
  [[nodiscard]] Expected<AuditRecord> append_audit(const AuditEntry& entry, Time now) override {
    return inner_.append_audit(entry, now);
  }
  [[nodiscard]] Expected<std::vector<AuditRecord>> audit_page(std::optional<std::int64_t> before,
                                                              int limit) override {
    return inner_.audit_page(before, limit);
  }
  [[nodiscard]] Expected<std::vector<AuditRecord>> audit_scan(std::int64_t after,
                                                              int limit) override {
    return inner_.audit_scan(after, limit);
  }
  [[nodiscard]] Expected<std::vector<StoredCipher>> task_ciphers(
      std::span<const TaskId> ids) override {
    return inner_.task_ciphers(ids);
  }
  [[nodiscard]] Expected<void> put_root_cipher(const TaskCipher& cipher) override {
    return inner_.put_root_cipher(cipher);
  }
  [[nodiscard]] Expected<std::vector<CipherCount>> cipher_counts() override {
    return inner_.cipher_counts();
  }
  [[nodiscard]] Expected<std::vector<StoredCipher>> ciphers_under(const std::string& key_id,
                                                                  TaskId after,
                                                                  int limit) override {
    return inner_.ciphers_under(key_id, after, limit);
  }
  [[nodiscard]] Expected<int> rewrap(std::span<const Rewrapped> rewrapped) override {
    return inner_.rewrap(rewrapped);
  }
  [[nodiscard]] Expected<void> maintain(Time now) override { return inner_.maintain(now); }

 protected:
  [[nodiscard]] TaskRepository& inner() { return inner_; }

 private:
  TaskRepository& inner_;
};

}  // namespace esteira
