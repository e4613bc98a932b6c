// The doors of the engine. Each call takes the repository's one lock, then works on its one
// connection; what writes does so in one transaction. Allocation failures become errors here.
#include "engines/sqlite/repository.hpp"

#include <algorithm>
#include <chrono>
#include <deque>

#include <fmt/format.h>

#include "base/mutex.hpp"
#include "base/recursive_mutex.hpp"
#include "engines/sqlite/checkpoint.hpp"
#include "engines/sqlite/connection.hpp"
#include "engines/sqlite/file.hpp"
#include "engines/sqlite/operations.hpp"
#include "engines/sqlite/prune.hpp"
#include "engines/sqlite/wake.hpp"
#include "repository/held_hints.hpp"

namespace esteira::sqlite {
namespace {

// Turns what the standard library throws into an error.
template <class Call>
auto door(Call&& call) noexcept -> decltype(call()) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::unavailable, "the SQLite engine is out of memory");
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, fmt::format("the SQLite engine: {}", error.what()));
  }
}

std::unexpected<Error> rolled_back() {
  return fail(ErrorCode::unavailable, "SQLite rolled the transaction back after an error");
}

// Sets a value back at the end of a scope, whatever ends it.
class Restored {
 public:
  Restored(bool& value, bool meanwhile) : value_(value), before_(std::exchange(value, meanwhile)) {}
  ~Restored() { value_ = before_; }
  Restored(const Restored&) = delete;
  Restored& operator=(const Restored&) = delete;

 private:
  bool& value_;
  const bool before_;
};

// What the repository's lock guards.
struct Store {
  std::unique_ptr<Connection> connection;
  Checkpointer checkpointer;
  Pruner pruner{};
  bool atomic = false;  // inside `atomically`

  void after_commit() {
    if (!atomic) checkpointer.after_commit(*connection);
  }
};

class Repository final : public TaskRepository {
 public:
  Repository(std::string path, std::unique_ptr<Connection> connection)
      : path_(std::move(path)),
        store_{.connection = std::move(connection), .checkpointer = Checkpointer(path_)} {}

  std::string_view engine() const override { return "sqlite"; }
  std::string address() const override { return "sqlite:" + path_; }
  Expected<void> ping() override {
    return read([](Connection& connection) { return connection.run("PRAGMA schema_version"); });
  }
  Expected<Time> server_time() override {
    // The database's clock is that of the host which all who share the file are on.
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
  }

  Expected<SchemaStatus> schema_status() override {
    return read([](Connection& connection) { return sqlite::schema_status(connection); });
  }
  Expected<void> migrate(const std::function<void(std::string_view)>& applied) override {
    // Told after the lock is given back, so that `applied` may use the repository.
    std::vector<std::string_view> names;
    auto migrated = read([&](Connection& connection) {
      return sqlite::migrate(connection, [&](std::string_view name) { names.push_back(name); });
    });
    if (applied) std::ranges::for_each(names, applied);
    return migrated;
  }

  Expected<std::vector<TaskType>> types() override { return read(sqlite::types); }
  Expected<std::int64_t> types_version() override { return read(sqlite::types_version); }
  Expected<TaskType> put_type(const TaskType& type, Time now) override {
    return write([&](Connection& connection) { return sqlite::put_type(connection, type, now); });
  }

  Expected<std::vector<InsertedTask>> insert(std::span<const NewTaskRow> rows, Time now) override {
    auto inserted =
        write([&](Connection& connection) { return sqlite::insert(connection, rows, now); });
    if (inserted) hint();
    return inserted;
  }
  Expected<std::vector<InsertedTask>> insert_within(CallerConnection connection,
                                                    std::span<const NewTaskRow> rows,
                                                    Time now) override {
    auto* const* handle = std::get_if<sqlite3*>(&connection);
    if (handle == nullptr) {
      return fail(ErrorCode::unsupported,
                  "tasks in a SQLite database can't join a PostgreSQL transaction");
    }
    // The caller's connection is not ours: neither the lock nor the transaction of this object.
    return door([&] { return sqlite::insert_within(*handle, rows, now); });
  }

  Expected<void> atomically(const std::function<Expected<void>()>& work) override {
    auto done = locked([&](Store& store) -> Expected<void> {
      ESTEIRA_ASSERT(!store.atomic);
      auto transaction = ESTEIRA_TRY(Transaction::begin(*store.connection));
      {
        const HintsHeld held(hints_);
        const Restored restored(store.atomic, true);
        ESTEIRA_TRY(work());
      }
      if (!store.connection->in_transaction()) return rolled_back();
      ESTEIRA_TRY(transaction.commit());
      store.after_commit();
      return {};
    });
    if (hints_.take()) hint();
    return done;
  }

  Expected<std::optional<KeptAnswer>> kept_answer(std::string_view actor, std::string_view key,
                                                  Time now) override {
    return read(
        [&](Connection& connection) { return sqlite::kept_answer(connection, actor, key, now); });
  }
  Expected<void> keep_answer(std::string_view actor, std::string_view key, const KeptAnswer& answer,
                             Time now) override {
    return write([&](Connection& connection) {
      return sqlite::keep_answer(connection, actor, key, answer, now);
    });
  }

  void hint() override {
    if (hints_.hold()) return;
    if (path_ != ":memory:") return touch(path_);
    const MutexLock lock(listeners_mutex_);
    for (const auto& listener : listeners_) listener.ring();
  }
  void listen(std::function<void()> wake) override {
    const MutexLock lock(listeners_mutex_);
    listeners_.emplace_back(path_, std::move(wake));
  }

  Expected<TickAnswer> tick(const TickRequest& request, Time now) override {
    return locked([&](Store& store) {
      auto answer = sqlite::tick(*store.connection, request, now);
      if (answer) store.after_commit();
      // Other workers may take them.
      if (answer && answer->released) hint();
      return answer;
    });
  }
  Expected<std::vector<Renewal::Held>> cancel_requests() override {
    return read(sqlite::cancel_requests);
  }
  Expected<std::vector<std::optional<Claim>>> open_claims(std::span<const Fence> fences) override {
    return read([&](Connection& connection) { return sqlite::open_claims(connection, fences); });
  }
  Expected<std::vector<Claim>> claims_of(const std::string& worker) override {
    return read([&](Connection& connection) { return sqlite::claims_of(connection, worker); });
  }
  Expected<std::vector<TakenOver>> take_expired(const std::string& worker, const LeaseId& lease_id,
                                                Duration lease, int limit, Time now) override {
    return write([&](Connection& connection) {
      return sqlite::take_expired(connection, worker, lease_id, lease, limit, now);
    });
  }
  Expected<bool> has_ready(std::span<const TypeId> types, Time now) override {
    return read([&](Connection& connection) { return sqlite::has_ready(connection, types, now); });
  }

  Expected<void> put_worker(const WorkerRecord& worker) override {
    return write([&](Connection& connection) { return sqlite::put_worker(connection, worker); });
  }
  Expected<void> remove_worker(const std::string& name) override {
    return write([&](Connection& connection) { return sqlite::remove_worker(connection, name); });
  }
  Expected<std::vector<WorkerRecord>> workers() override { return read(sqlite::workers); }
  Expected<std::optional<WorkerRecord>> worker(const std::string& name) override {
    return read([&](Connection& connection) { return sqlite::worker(connection, name); });
  }
  Expected<std::optional<WorkerCommand>> touch_worker(const std::string& name, Time now) override {
    return write(
        [&](Connection& connection) { return sqlite::touch_worker(connection, name, now); });
  }
  Expected<bool> command_worker(const std::string& name, WorkerCommand command) override {
    return write(
        [&](Connection& connection) { return sqlite::command_worker(connection, name, command); });
  }

  Expected<std::optional<Task>> task(TaskId task_id, Time /*now*/) override {
    return read([&](Connection& connection) { return sqlite::task(connection, task_id); });
  }
  Expected<std::vector<Task>> tasks(const TaskFilter& filter, Time /*now*/) override {
    return read([&](Connection& connection) { return sqlite::tasks(connection, filter); });
  }
  Expected<std::vector<Execution>> executions(TaskId task_id) override {
    return read([&](Connection& connection) { return sqlite::executions(connection, task_id); });
  }
  Expected<std::vector<LogLine>> log_lines(TaskId task_id) override {
    return read([&](Connection& connection) { return sqlite::log_lines(connection, task_id); });
  }
  Expected<Stats> stats(Time now) override {
    return read([&](Connection& connection) { return sqlite::stats(connection, now); });
  }

  Expected<ChangesPage> changes(const std::optional<std::string>& after, int limit) override {
    return read([&](Connection& connection) { return sqlite::changes(connection, after, limit); });
  }
  Expected<std::vector<TaskState>> task_states(std::span<const TaskId> ids) override {
    return read([&](Connection& connection) { return sqlite::task_states(connection, ids); });
  }

  Expected<std::vector<ChangeStatus>> cancel(std::span<const TaskId> ids, Time now) override {
    return change(BulkAction::cancel, ids, now);
  }
  Expected<std::vector<ChangeStatus>> retry(std::span<const TaskId> ids, Time now) override {
    return change(BulkAction::retry, ids, now);
  }
  Expected<std::vector<ChangeStatus>> remove(std::span<const TaskId> ids, Time now) override {
    return change(BulkAction::remove, ids, now);
  }
  Expected<EditAnswer> edit(TaskId task_id, const TaskEditRow& edit, Time now) override {
    return write(
        [&](Connection& connection) { return sqlite::edit(connection, task_id, edit, now); });
  }
  Expected<Operation> start_operation(BulkAction action, const OperationFilter& filter,
                                      Time now) override {
    return locked([&](Store& store) {
      auto started = sqlite::start_operation(*store.connection, action, filter, now);
      if (started) store.after_commit();
      return started;
    });
  }
  Expected<std::optional<Operation>> operation(OperationId operation_id) override {
    return read(
        [&](Connection& connection) { return sqlite::operation(connection, operation_id); });
  }
  Expected<std::optional<Operation>> work_operation(std::optional<OperationId> only,
                                                    Time now) override {
    return locked([&](Store& store) {
      auto worked = sqlite::work_operation(*store.connection, only, now);
      if (worked && *worked) store.after_commit();
      return worked;
    });
  }
  Expected<int> expire_waiting(int limit, Time now) override {
    return locked([&](Store& store) {
      auto looked = sqlite::expire_waiting(*store.connection, limit, now);
      if (looked && *looked > 0) store.after_commit();
      return looked;
    });
  }
  Expected<bool> work_dependencies(Time now) override {
    return locked([&](Store& store) {
      auto worked = sqlite::work_dependencies(*store.connection, now);
      if (worked && *worked) store.after_commit();
      return worked;
    });
  }
  Expected<TaskBatch> create_batch(const std::string& batch_id,
                                   const std::optional<NewTaskRow>& finish, Time now) override {
    return write([&](Connection& connection) {
      return sqlite::create_batch(connection, batch_id, finish, now);
    });
  }
  Expected<std::optional<TaskBatch>> batch(const std::string& batch_id) override {
    return read([&](Connection& connection) { return sqlite::batch(connection, batch_id); });
  }
  Expected<std::optional<TaskBatch>> close_batch(const std::string& batch_id, Time now) override {
    return write(
        [&](Connection& connection) { return sqlite::close_batch(connection, batch_id, now); });
  }
  Expected<std::optional<BatchChange>> cancel_batch(const std::string& batch_id,
                                                    Time now) override {
    return write(
        [&](Connection& connection) { return sqlite::cancel_batch(connection, batch_id, now); });
  }
  Expected<std::optional<BatchChange>> retry_batch(const std::string& batch_id, Time now) override {
    return write(
        [&](Connection& connection) { return sqlite::retry_batch(connection, batch_id, now); });
  }
  Expected<std::int64_t> count_waiting(TypeId type_id, std::int64_t most) override {
    return read(
        [&](Connection& connection) { return sqlite::count_waiting(connection, type_id, most); });
  }
  Expected<std::int64_t> prune(const PruneRequest& request, Time now) override {
    return locked([&](Store& store) -> Expected<std::int64_t> {
      auto& connection = *store.connection;
      const auto ids = ESTEIRA_TRY(store.pruner.find(connection, request, now));
      if (ids.empty()) return 0;
      auto transaction = ESTEIRA_TRY(Transaction::begin(connection));
      const auto erased = ESTEIRA_TRY(Pruner::erase(connection, ids, request.archive));
      ESTEIRA_TRY(transaction.commit());
      store.after_commit();
      return erased;
    });
  }
  Expected<RangeStep> drop_range(const PruneRequest& /*request*/, Time /*now*/) override {
    return RangeStep{};
  }
  Expected<void> put_key(const StoredKey& key) override {
    return write([&](Connection& connection) { return sqlite::put_key(connection, key); });
  }
  Expected<std::vector<StoredKey>> keys() override { return read(sqlite::keys); }
  Expected<bool> revoke_key(std::string_view key_id, Time now) override {
    return write(
        [&](Connection& connection) { return sqlite::revoke_key(connection, key_id, now); });
  }
  Expected<void> touch_keys(std::span<const KeyUse> uses) override {
    return write([&](Connection& connection) { return sqlite::touch_keys(connection, uses); });
  }
  Expected<void> put_session(const Session& session) override {
    return write([&](Connection& connection) { return sqlite::put_session(connection, session); });
  }
  Expected<std::optional<Session>> session(const Sha256& token_hash) override {
    return read([&](Connection& connection) { return sqlite::session(connection, token_hash); });
  }
  Expected<void> touch_session(const Sha256& token_hash, Time now) override {
    return write(
        [&](Connection& connection) { return sqlite::touch_session(connection, token_hash, now); });
  }
  Expected<void> remove_session(const Sha256& token_hash) override {
    return write(
        [&](Connection& connection) { return sqlite::remove_session(connection, token_hash); });
  }
  Expected<std::vector<Schedule>> schedules() override { return read(sqlite::schedules); }
  Expected<std::optional<Schedule>> schedule(const std::string& name) override {
    return read([&](Connection& connection) { return sqlite::schedule(connection, name); });
  }
  Expected<std::vector<ScheduleLook>> schedule_looks(int limit) override {
    return read([&](Connection& connection) { return sqlite::schedule_looks(connection, limit); });
  }
  Expected<std::optional<Schedule>> lock_schedule(const std::string& name,
                                                  WhenLocked /*when*/) override {
    // The transaction around it holds the file's only write lock.
    return schedule(name);
  }
  Expected<void> put_schedule(const Schedule& schedule) override {
    return write(
        [&](Connection& connection) { return sqlite::put_schedule(connection, schedule); });
  }
  Expected<bool> remove_schedule(const std::string& name) override {
    return write([&](Connection& connection) { return sqlite::remove_schedule(connection, name); });
  }
  Expected<std::vector<Time>> note_schedule_runs(const std::string& name,
                                                 std::span<const Time> nominal, Time now) override {
    return write([&](Connection& connection) {
      return sqlite::note_schedule_runs(connection, name, nominal, now);
    });
  }
  Expected<void> set_schedule_tasks(const std::string& name,
                                    std::span<const ScheduleRun> runs) override {
    return write(
        [&](Connection& connection) { return sqlite::set_schedule_tasks(connection, name, runs); });
  }
  Expected<std::vector<ScheduleRun>> schedule_runs(const std::string& name, int limit) override {
    return read(
        [&](Connection& connection) { return sqlite::schedule_runs(connection, name, limit); });
  }
  Expected<std::vector<StoredCipher>> task_ciphers(std::span<const TaskId> ids) override {
    return read([&](Connection& connection) { return sqlite::task_ciphers(connection, ids); });
  }
  Expected<void> put_root_cipher(const TaskCipher& cipher) override {
    return write(
        [&](Connection& connection) { return sqlite::put_root_cipher(connection, cipher); });
  }
  Expected<std::vector<CipherCount>> cipher_counts() override {
    return read(sqlite::cipher_counts);
  }
  Expected<std::vector<StoredCipher>> ciphers_under(const std::string& key_id, TaskId after,
                                                    int limit) override {
    return read([&](Connection& connection) {
      return sqlite::ciphers_under(connection, key_id, after, limit);
    });
  }
  Expected<int> rewrap(std::span<const Rewrapped> rewrapped) override {
    return write([&](Connection& connection) { return sqlite::rewrap(connection, rewrapped); });
  }
  Expected<AuditRecord> append_audit(const AuditEntry& entry, Time now) override {
    return write(
        [&](Connection& connection) { return sqlite::append_audit(connection, entry, now); });
  }
  Expected<std::vector<AuditRecord>> audit_page(std::optional<std::int64_t> before,
                                                int limit) override {
    return read(
        [&](Connection& connection) { return sqlite::audit_page(connection, before, limit); });
  }
  Expected<std::vector<AuditRecord>> audit_scan(std::int64_t after, int limit) override {
    return read(
        [&](Connection& connection) { return sqlite::audit_scan(connection, after, limit); });
  }
  Expected<void> maintain(Time now) override {
    return locked([&](Store& store) -> Expected<void> {
      ESTEIRA_TRY(tidy(*store.connection, now));
      return store.checkpointer.run(*store.connection);
    });
  }

 private:
  Expected<std::vector<ChangeStatus>> change(BulkAction action, std::span<const TaskId> ids,
                                             Time now) {
    return write(
        [&](Connection& connection) { return sqlite::change(connection, action, ids, now); });
  }
  template <class Call>
  auto locked(Call&& call) -> decltype(call(std::declval<Store&>())) {
    return door([&] {
      const RecursiveLock lock(mutex_);
      return call(store_);
    });
  }
  // Without a transaction around it.
  template <class Call>
  auto read(Call&& call) -> decltype(call(std::declval<Connection&>())) {
    return locked([&](Store& store) { return call(*store.connection); });
  }
  // In one transaction.
  template <class Call>
  auto write(Call&& call) -> decltype(call(std::declval<Connection&>())) {
    return locked([&](Store& store) -> decltype(call(*store.connection)) {
      // SQLite ends a transaction by itself after some errors: what follows must not stand alone.
      if (store.atomic && !store.connection->in_transaction()) return rolled_back();
      auto transaction = ESTEIRA_TRY(Transaction::begin(*store.connection));
      auto answer = call(*store.connection);
      if (!answer) return answer;
      ESTEIRA_TRY(transaction.commit());
      store.after_commit();
      return answer;
    });
  }

  std::string path_;
  HeldHints hints_;
  RecursiveMutex mutex_;
  Store store_ ESTEIRA_GUARDED_BY(mutex_);
  Mutex listeners_mutex_;
  std::deque<WakeListener> listeners_ ESTEIRA_GUARDED_BY(listeners_mutex_);
};

}  // namespace

Expected<std::shared_ptr<TaskRepository>> open(std::string_view path, Migrate migrate) {
  return door([&]() -> Expected<std::shared_ptr<TaskRepository>> {
    std::string name(path);
    ESTEIRA_TRY(check_database_path(name));
    auto connection = ESTEIRA_TRY(Connection::open(name));
    if (migrate != Migrate::never) ESTEIRA_TRY(sqlite::migrate(*connection, {}));
    return std::make_shared<Repository>(std::move(name), std::move(connection));
  });
}

}  // namespace esteira::sqlite
