// The storage interface, cut along the road of a task. An engine moves rows; it never decides what
// an outcome means (`settle` does) and never reads a clock (`now` is an argument).
//
// Thread rule: every call may come from any thread; an object serialises them (one connection, one
// mutex). Threads that should not wait for each other open one each.
// Errors: `unavailable` (nothing was done), `in_doubt` (it may have been done: call again with the
// same arguments, which is safe for every call that says so), `internal`, and what each call names.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "domain/api_key.hpp"
#include "domain/audit.hpp"
#include "domain/batch.hpp"
#include "domain/claim.hpp"
#include "domain/operation.hpp"
#include "domain/policy.hpp"
#include "domain/schedule.hpp"
#include "domain/session.hpp"
#include "domain/settle.hpp"
#include "domain/stats.hpp"
#include "domain/task_terms.hpp"
#include "domain/work.hpp"
#include "esteira/error.hpp"
#include "esteira/task.hpp"

struct pg_conn;
struct sqlite3;

namespace esteira {

// --- schema ---------------------------------------------------------------------------------

struct SchemaStatus {
  int current = 0;                   // 0: no schema yet
  int latest = 0;                    // what this program brings
  std::vector<std::string> pending;  // names of the migrations to apply
  [[nodiscard]] bool usable() const { return current == latest; }
};

// --- create ---------------------------------------------------------------------------------

// The key of one task's payload, result and checkpoint, itself enciphered. Root: of the task 0, for
// what belongs to no task.
struct TaskCipher {
  std::string key_id;   // which key it is wrapped by
  std::string wrapped;  // base64
  friend bool operator==(const TaskCipher&, const TaskCipher&) = default;
};
struct StoredCipher {
  TaskId task_id = 0;
  TaskCipher cipher;
};
struct CipherCount {
  std::string key_id;
  std::int64_t tasks = 0;
};
struct Rewrapped {
  TaskId task_id = 0;
  std::string from;  // as it was wrapped
  TaskCipher to;
};
// What is stored of a payload that is enciphered for the task of one id.
struct SealedPayload {
  std::string payload;  // JSON text
  TaskCipher cipher;
};
using SealPayload = std::function<Expected<SealedPayload>(TaskId)>;

// A new task whose defaults are filled and whose limits are checked.
struct NewTaskRow {
  TypeId type_id = 0;
  std::string payload;  // JSON text
  int priority = 0;
  std::optional<Time> scheduled_for;
  int max_retries = 3;
  std::optional<Duration> timeout;
  std::optional<std::string> unique_key;
  std::vector<std::string> tags;
  std::optional<std::string> traceparent;
  std::optional<std::string> idempotency_key;
  std::string idempotency_hash;  // of what the caller asked for; with a key only
  OnConflict on_conflict = OnConflict::refuse;
  // What it depends on are tasks that exist, and by `parents` others of the same insert.
  TaskTerms terms{};
  std::vector<std::size_t> parents{};
  // Asked for the payload and its cipher once it is known which task is to hold them, which may be
  // the holder of the unique key; `payload` is then of no account. Set where `terms.encrypted` is.
  SealPayload seal{};
};

struct InsertedTask {
  TaskId task_id = 0;
  // False: the idempotency key or the unique key answered an earlier task.
  bool created = true;
};

// The answer of a call that was sent with an idempotency key.
struct KeptAnswer {
  std::string hash;  // of what was asked
  int status = 0;    // of HTTP
  std::string body;
};

// Somebody else's open transaction.
using CallerConnection = std::variant<pg_conn*, sqlite3*>;

// --- the worker's tick ------------------------------------------------------------------------

struct ClaimRequest {
  LeaseId lease_id;  // drawn by the caller, fresh for each claim
  std::vector<TypeId> types;
  int limit = 0;
  // Those of the types that may be gated, as far as the caller knows: one that is and is not named
  // here may be left out. Of them so many at most, within `limit`, for what waits in a worker for
  // its turn holds a slot that others could use; absent: `limit`.
  std::vector<TypeId> gated{};
  std::optional<int> gated_limit{};
  Duration lease{};
  Duration ageing{};  // see order_lanes
  // The answer to an earlier claim with this lease_id was lost: if that lease exists, its open
  // tasks are answered and nothing more is claimed.
  bool again = false;
  // Asked for by a hint: a task came just now, and the sooner it is found the better. An engine may
  // put off looks that it owes to others; an answer without tasks still means that none was there.
  bool hinted = false;
};

// Renews what a worker still holds of one lease to now + lease. Tasks of the lease that are not
// named keep the old expiry.
struct Renewal {
  LeaseId lease_id;
  struct Held {
    TaskId task_id = 0;
    int attempt = 0;
  };
  std::vector<Held> held;
};
enum class HeldStatus : std::uint8_t { ok, cancel, lost };
struct RenewalAnswer {
  Time lease_expires_at{};
  std::vector<HeldStatus> held;  // in the order of the request
};

// What a run says of itself while it runs; each is written only under a live fence.
struct ProgressNote {
  Fence fence;
  double fraction = 0;
  std::string text;
};
struct LogNote {
  Fence fence;
  int line = 0;  // from 1 within the attempt; the same line again is ignored
  Time at{};
  LogLevel level = LogLevel::info;
  std::string text;
};
struct CheckpointNote {
  Fence fence;
  std::string state;       // JSON text
  bool encrypted = false;  // as the claim's terms say
};
// Answers the number that the task holds of this counter, or takes the next.
struct NumberNote {
  Fence fence;
  std::string counter;
};
using Note = std::variant<ProgressNote, LogNote, CheckpointNote, NumberNote>;
struct NoteAnswer {
  bool applied = false;     // false: the fence was stale
  std::int64_t number = 0;  // of a NumberNote
};

enum class FinishStatus : std::uint8_t {
  applied,
  already_applied,  // the same fence was settled before: the answer had been lost
  stale,            // the claim is no longer the caller's; nothing changed
  // The task's cancel was requested and the settlement would have let it wait again or fail:
  // nothing changed; settle again with Claim::cancel_requested and offer that.
  cancel_requested,
};

// One transaction, in this order: notes, settlements, renewals, promotion, claim. All or nothing.
// Safe to repeat after `in_doubt` (with `claim->again`).
struct TickRequest {
  std::string worker;
  std::span<const Note> notes{};
  std::span<const Settlement> settlements{};
  std::span<const Renewal> renewals{};
  Duration lease{};  // of the renewals
  // So many due tasks at most leave the scheduled, for the ready or for the claim; 0: none.
  int promote_limit = 0;
  std::optional<ClaimRequest> claim{};
};
struct TickAnswer {
  std::vector<NoteAnswer> notes;
  std::vector<FinishStatus> settlements;
  std::vector<RenewalAnswer> renewals;
  int promoted = 0;
  bool released = false;  // tasks that waited for others may be claimed now
  // In claim order: rank, then run_at, then task_id. `fence.attempt` counts this claim.
  std::vector<Claim> claims;
  // When the next scheduled task becomes due, if promote_limit > 0 and there is one, or sooner:
  // when a rate lets the next task of a claimed type start.
  std::optional<Time> next_due_at;
};

struct WorkerRecord {
  std::string name;  // unique
  std::string host;
  int pid = 0;
  std::string version;
  std::vector<std::string> types;
  int slots = 0;
  Time started_at{};
  Time heartbeat_at{};
  // What it was last told. Read only: `put_worker` leaves what stands there.
  WorkerCommand command = WorkerCommand::run;
};

// --- reading ------------------------------------------------------------------------------------

struct TaskFilter {
  std::optional<TaskStatus> status;
  std::optional<std::string> type;
  std::optional<std::string> tag;
  std::optional<std::string> batch_id{};
  std::optional<Time> created_after;   // inclusive
  std::optional<Time> created_before;  // exclusive
  std::optional<TaskId> before_id;     // the cursor: ids below it
  int limit = 50;                      // at most limits::page_items_max
};

struct LogLine {
  int attempt = 0;
  int line = 0;
  Time at{};
  LogLevel level = LogLevel::info;
  std::string text;
};

// What of a task changes while it lives: small, whatever its payload and result are.
struct TaskState {
  TaskId task_id = 0;
  std::string type;
  TaskStatus status = TaskStatus::pending;
  int attempt = 0;
  int priority = 0;
  int retries = 0;
  std::optional<std::string> worker;
  std::optional<double> progress;
  std::optional<Time> scheduled_for;
  std::optional<Time> updated_at;
};

// Which tasks were created, claimed, settled, taken over, changed or deleted since an earlier look,
// by whom ever; promotion and retention are no changes. A task that is named may stand as before.
struct ChangesPage {
  // Where the next look goes on: digits, ":" and ",", and nobody's business but the engine's.
  std::string cursor;
  // The earlier look is further back than changes are kept, or was at another database: what
  // changed since is not known, and none is named.
  bool missed = false;
  // More changed than is named.
  bool more = false;
  std::vector<TaskId> task_ids;  // each once, in order
};

// --- changing -----------------------------------------------------------------------------------

enum class ChangeStatus : std::uint8_t {
  applied,       // cancel of a waiting task: it is CANCELLED; retry: it waits; delete: it is gone
  requested,     // cancel of a running task: its worker learns of it at the next heartbeat
  wrong_status,  // already ended (cancel); not ended (retry); running (delete); not waiting (edit)
  unique_conflict,  // retry: another task holds its unique key
  not_found,
};

// An edit whose values are checked; what is absent stays.
struct TaskEditRow {
  std::optional<std::string> payload;     // JSON text
  std::optional<std::string> flow_key{};  // of the payload; with one only
  std::optional<int> priority;
  std::optional<std::vector<std::string>> tags;  // all of them
  bool reschedules = false;
  std::optional<Time> scheduled_for;  // nothing: due now; counts only where it reschedules
  bool encrypted = false;             // the payload is to be enciphered
  // Of a payload that was; from then on the task's terms say so.
  std::optional<TaskCipher> cipher{};
  bool drops_checkpoint = false;  // the cipher's key is another than before
};
struct EditAnswer {
  ChangeStatus status = ChangeStatus::not_found;  // applied, wrong_status, not_found
  // As it stood before and after, where it was applied.
  std::optional<Task> before{};
  std::optional<Task> after{};
};

// A schedule that waits for its next look.
struct ScheduleLook {
  std::string name;
  Time look_at{};
  friend bool operator==(const ScheduleLook&, const ScheduleLook&) = default;
};
// Whether the lock of a schedule that another transaction holds is waited for.
enum class WhenLocked : std::uint8_t { wait, give_up };

class TaskArchive;

// How `task_types` retentions are overridden by hand; absent values are each type's own.
struct PruneRequest {
  std::optional<Duration> completed_older{};
  std::optional<Duration> failed_older{};  // also cancelled
  int limit = 0;                           // tasks, in this one transaction
  // What goes is written there first; null: nowhere.
  TaskArchive* archive = nullptr;
  // Leaves what is due to `drop_range`, where that can be expected within limits::range_drop_wait.
  bool spares_ranges = false;
};

// What a step of `drop_range` did.
struct RangeStep {
  bool dropped = false;
  std::int64_t tasks = 0;  // that went with it
  bool more = false;       // there is more to look at: call again
};

class TaskRepository {
 public:
  virtual ~TaskRepository() = default;

  [[nodiscard]] virtual std::string_view engine() const = 0;  // "sqlite", "postgresql"
  // Where it stores, for people, without secrets.
  [[nodiscard]] virtual std::string address() const = 0;
  [[nodiscard]] virtual Expected<void> ping() = 0;
  // The database's own clock.
  [[nodiscard]] virtual Expected<Time> server_time() = 0;

  [[nodiscard]] virtual Expected<SchemaStatus> schema_status() = 0;
  // Applies what is pending, each migration in a transaction of its own; `applied` is told each
  // name. Safe to run from many processes at once. A schema newer than this program: unsupported.
  [[nodiscard]] virtual Expected<void> migrate(
      const std::function<void(std::string_view)>& applied) = 0;

  // Types. `types_version` goes up with every change to a type.
  [[nodiscard]] virtual Expected<std::vector<TaskType>> types() = 0;
  [[nodiscard]] virtual Expected<std::int64_t> types_version() = 0;
  // Inserts by name or replaces all but name, type_id and created_at. Answers the row as stored.
  [[nodiscard]] virtual Expected<TaskType> put_type(const TaskType& type, Time now) = 0;

  // All or nothing, in order. A unique key that another task holds is answered as the row says:
  // refused, or with the holder, which is of this call or committed; `replace` gives a holder that
  // waits the row's payload, priority, time and expiry, and is refused where it does not wait. A
  // window that has ended is no holder. Errors: conflict with Error::task_id (unique key held by
  // it, where it is not of this call); invalid_argument (idempotency key with another hash,
  // Error::task_id the first; a task that it depends on does not exist); conflict (its batch is
  // closed). After in_doubt: safe to repeat only with idempotency keys.
  [[nodiscard]] virtual Expected<std::vector<InsertedTask>> insert(std::span<const NewTaskRow> rows,
                                                                   Time now) = 0;
  // The same inside the caller's open transaction on its own connection to this database; the
  // caller commits. Unsupported for a connection of another engine.
  [[nodiscard]] virtual Expected<std::vector<InsertedTask>> insert_within(
      CallerConnection connection, std::span<const NewTaskRow> rows, Time now) = 0;
  // Calls of this object that `work` makes, on this thread, in one transaction: all or, where it
  // answers an error, none. A call that fails undoes itself alone. Hints are given after the
  // commit. For what people and programs ask: not for migrate, tick, prune, maintain, nor for
  // another `atomically`. Other threads' calls wait meanwhile. After in_doubt all may have been
  // done.
  [[nodiscard]] virtual Expected<void> atomically(const std::function<Expected<void>()>& work) = 0;
  // What a call that may be sent again was answered, for 24 hours.
  [[nodiscard]] virtual Expected<std::optional<KeptAnswer>> kept_answer(std::string_view actor,
                                                                        std::string_view key,
                                                                        Time now) = 0;
  // conflict: an answer is kept for this key already.
  [[nodiscard]] virtual Expected<void> keep_answer(std::string_view actor, std::string_view key,
                                                   const KeptAnswer& answer, Time now) = 0;
  // Tells waiting workers, in any process, that there may be work: a hint, coalesced, never needed.
  virtual void hint() = 0;
  // Calls `wake` (from a thread of its own, until the repository is destroyed) at each hint.
  // Where hints can't be had, does nothing: polling is the truth.
  virtual void listen(std::function<void()> wake) = 0;

  [[nodiscard]] virtual Expected<TickAnswer> tick(const TickRequest& request, Time now) = 0;
  // Every running task whose cancel is requested (task_id, attempt), 10,000 at most.
  [[nodiscard]] virtual Expected<std::vector<Renewal::Held>> cancel_requests() = 0;
  // Takes over up to `limit` leases that ended before `now`: their open tasks come back as claims
  // under the new `lease_id` of `worker`, with the attempt they had and `previous_worker`. The old
  // holder's fence is stale from then on. Safe to repeat after in_doubt with the same lease_id.
  struct TakenOver {
    Claim claim;
    std::string previous_worker;
  };
  [[nodiscard]] virtual Expected<std::vector<TakenOver>> take_expired(const std::string& worker,
                                                                      const LeaseId& lease_id,
                                                                      Duration lease, int limit,
                                                                      Time now) = 0;
  // What settling needs of the claims that are still live, in order; nothing where the fence is
  // stale. Payload, tags, keys and checkpoint are left empty.
  [[nodiscard]] virtual Expected<std::vector<std::optional<Claim>>> open_claims(
      std::span<const Fence> fences) = 0;
  // The same of everything that a worker holds.
  [[nodiscard]] virtual Expected<std::vector<Claim>> claims_of(const std::string& worker) = 0;
  // True while a ready task of these types exists (due; paused types do not count).
  [[nodiscard]] virtual Expected<bool> has_ready(std::span<const TypeId> types, Time now) = 0;

  [[nodiscard]] virtual Expected<void> put_worker(const WorkerRecord& worker) = 0;
  [[nodiscard]] virtual Expected<void> remove_worker(const std::string& name) = 0;
  [[nodiscard]] virtual Expected<std::vector<WorkerRecord>> workers() = 0;
  [[nodiscard]] virtual Expected<std::optional<WorkerRecord>> worker(const std::string& name) = 0;
  // Moves heartbeat_at; answers what the worker was last told, nothing where there is no record.
  [[nodiscard]] virtual Expected<std::optional<WorkerCommand>> touch_worker(const std::string& name,
                                                                            Time now) = 0;
  // What the worker shall learn at its next heartbeat. False: there is no such worker.
  [[nodiscard]] virtual Expected<bool> command_worker(const std::string& name,
                                                      WorkerCommand command) = 0;

  [[nodiscard]] virtual Expected<std::optional<Task>> task(TaskId task_id, Time now) = 0;
  // Newest first (by task_id).
  [[nodiscard]] virtual Expected<std::vector<Task>> tasks(const TaskFilter& filter, Time now) = 0;
  // Oldest first; the running attempt last, as PROCESSING.
  [[nodiscard]] virtual Expected<std::vector<Execution>> executions(TaskId task_id) = 0;
  [[nodiscard]] virtual Expected<std::vector<LogLine>> log_lines(TaskId task_id) = 0;
  [[nodiscard]] virtual Expected<Stats> stats(Time now) = 0;

  // What changed since the look that answered `after`; without it only where to begin. Every change
  // is named by a look that begins after its commit, also where it was committed out of order.
  // Names `limit` tasks at most. invalid_argument: `after` is no cursor of this engine.
  [[nodiscard]] virtual Expected<ChangesPage> changes(const std::optional<std::string>& after,
                                                      int limit) = 0;
  // In the order of their ids; those that do not exist are left out.
  [[nodiscard]] virtual Expected<std::vector<TaskState>> task_states(
      std::span<const TaskId> ids) = 0;

  // One status an id, in order. Cancelling a waiting task takes attempt + 1 and writes its
  // execution row through `settle`. Safe to repeat after in_doubt.
  [[nodiscard]] virtual Expected<std::vector<ChangeStatus>> cancel(std::span<const TaskId> ids,
                                                                   Time now) = 0;
  // A person's retry of an ended task: it waits again, due now, with retries and crashes at 0 and
  // its attempts and history kept, and no expiry. It takes its unique key again, or answers
  // unique_conflict; one of the scope `window` does not need it.
  [[nodiscard]] virtual Expected<std::vector<ChangeStatus>> retry(std::span<const TaskId> ids,
                                                                  Time now) = 0;
  // Removes a waiting or ended task and all that is kept of it.
  [[nodiscard]] virtual Expected<std::vector<ChangeStatus>> remove(std::span<const TaskId> ids,
                                                                   Time now) = 0;
  // Changes a task that waits, and its place in the queue with it: one that becomes due at once
  // waits from `now` on, one that is due already keeps its place. A claim sees the whole edit, or
  // the edit finds the task running. Attempts, budget and unique key stay. Safe to repeat.
  [[nodiscard]] virtual Expected<EditAnswer> edit(TaskId task_id, const TaskEditRow& edit,
                                                  Time now) = 0;
  // Finds the tasks that fit now and notes, oldest first, that the action is to be done to them; no
  // task that is created later is touched. One that fits none is completed at once. Errors:
  // invalid_argument (more than limits::operation_tasks_max fit), rate_limited (so many run
  // already). After in_doubt it may be there.
  [[nodiscard]] virtual Expected<Operation> start_operation(BulkAction action,
                                                            const OperationFilter& filter,
                                                            Time now) = 0;
  [[nodiscard]] virtual Expected<std::optional<Operation>> operation(OperationId operation_id) = 0;
  // Does the next batch of the oldest operation that runs and that nobody else works at just now
  // (or of `only`), and answers how it stands then. The batch and the progress are one
  // transaction: each batch is done once, whatever fails and whoever else works. A task whose
  // status no longer fits the filter is skipped. A batch that is refused for good ends the
  // operation as FAILED. Nothing: there is none.
  [[nodiscard]] virtual Expected<std::optional<Operation>> work_operation(
      std::optional<OperationId> only, Time now) = 0;
  // Ends waiting tasks whose `terms.expires_at` has come, as a cancel does, with the outcome
  // `expired_unstarted`: the longest expired first, in one transaction that looks at `limit` tasks
  // at most. One that runs is looked at again after limits::expiry_recheck. Answers how many were
  // looked at; fewer than `limit`: none is left. Safe to repeat.
  [[nodiscard]] virtual Expected<int> expire_waiting(int limit, Time now) = 0;
  // Those that wait for a task learn of its end in the same transaction or right after it, where
  // they are few. Tells some of the others, and those whom a crash kept from learning of it, in
  // bounded transactions. True: something was done, and there may be more.
  [[nodiscard]] virtual Expected<bool> work_dependencies(Time now) = 0;

  // Batches, by batch_id. `finish` waits until the batch is closed and all of its tasks have ended.
  // conflict: there is one.
  [[nodiscard]] virtual Expected<TaskBatch> create_batch(const std::string& batch_id,
                                                         const std::optional<NewTaskRow>& finish,
                                                         Time now) = 0;
  [[nodiscard]] virtual Expected<std::optional<TaskBatch>> batch(const std::string& batch_id) = 0;
  // No task joins it from now on. Safe to repeat.
  [[nodiscard]] virtual Expected<std::optional<TaskBatch>> close_batch(const std::string& batch_id,
                                                                       Time now) = 0;
  // Closes it and cancels its tasks that have not ended, the finish task first.
  [[nodiscard]] virtual Expected<std::optional<BatchChange>> cancel_batch(
      const std::string& batch_id, Time now) = 0;
  // Those of its tasks that ended badly wait again, in the order of their dependencies, and so does
  // a finish task that has ended; not those that depend on a task which stays as it ended. One
  // transaction.
  [[nodiscard]] virtual Expected<std::optional<BatchChange>> retry_batch(
      const std::string& batch_id, Time now) = 0;

  // How many tasks of the type wait, due or not: exact up to `most`, and no more is counted.
  [[nodiscard]] virtual Expected<std::int64_t> count_waiting(TypeId type_id, std::int64_t most) = 0;
  // One bounded transaction of the retention; answers how many tasks went. Fewer than
  // `request.limit`: none is left. With an archive, what goes is what its file holds, which is kept
  // before the commit: a failure of either leaves the tasks, and after a crash between the two, or
  // in_doubt, a task may be archived twice, never not at all.
  [[nodiscard]] virtual Expected<std::int64_t> prune(const PruneRequest& request, Time now) = 0;
  // One bounded step towards dropping a range of ids whose tasks have all ended and outlived every
  // type's retention, with all that is kept of them. Waits for nobody: a range that somebody reads
  // or changes stays for another time. With an archive only one without tasks goes. An engine that
  // keeps no ranges does nothing.
  [[nodiscard]] virtual Expected<RangeStep> drop_range(const PruneRequest& request, Time now) = 0;
  // Keys of the API. conflict: the id is taken (after in_doubt: by the call before).
  [[nodiscard]] virtual Expected<void> put_key(const StoredKey& key) = 0;
  // All that were ever made, newest first.
  [[nodiscard]] virtual Expected<std::vector<StoredKey>> keys() = 0;
  // False: there is no such key. One that is revoked keeps its first time. Safe to repeat.
  [[nodiscard]] virtual Expected<bool> revoke_key(std::string_view key_id, Time now) = 0;
  // Moves last uses forward, never back; ids that are not there are left out. Safe to repeat.
  [[nodiscard]] virtual Expected<void> touch_keys(std::span<const KeyUse> uses) = 0;
  // Sign-ins, by the hash of their token. `maintain` removes those that have ended by time.
  [[nodiscard]] virtual Expected<void> put_session(const Session& session) = 0;
  [[nodiscard]] virtual Expected<std::optional<Session>> session(const Sha256& token_hash) = 0;
  // Moves seen_at forward, never back. Safe to repeat, as is the next.
  [[nodiscard]] virtual Expected<void> touch_session(const Sha256& token_hash, Time now) = 0;
  [[nodiscard]] virtual Expected<void> remove_session(const Sha256& token_hash) = 0;

  // Schedules, by name.
  [[nodiscard]] virtual Expected<std::vector<Schedule>> schedules() = 0;
  [[nodiscard]] virtual Expected<std::optional<Schedule>> schedule(const std::string& name) = 0;
  // Those that wait for a look, the earliest first: one walk along an index.
  [[nodiscard]] virtual Expected<std::vector<ScheduleLook>> schedule_looks(int limit) = 0;
  // Inside `atomically`: nobody else changes the schedule or makes its tasks until the end of that
  // transaction. Answers it as it stands; nothing where there is none, or another holds it.
  [[nodiscard]] virtual Expected<std::optional<Schedule>> lock_schedule(const std::string& name,
                                                                        WhenLocked when) = 0;
  // Inserts by name or replaces all but created_at. What is read only is left out.
  [[nodiscard]] virtual Expected<void> put_schedule(const Schedule& schedule) = 0;
  // False: there is no such schedule. What it did (`schedule_runs`) stays.
  [[nodiscard]] virtual Expected<bool> remove_schedule(const std::string& name) = 0;
  // Notes nominal times, each at most once ever: answers those that were not there, in order, and
  // notes them without a task.
  [[nodiscard]] virtual Expected<std::vector<Time>> note_schedule_runs(
      const std::string& name, std::span<const Time> nominal, Time now) = 0;
  // Says which task was made for a nominal time that is noted.
  [[nodiscard]] virtual Expected<void> set_schedule_tasks(const std::string& name,
                                                          std::span<const ScheduleRun> runs) = 0;
  // The last nominal time first. `maintain` removes the old, never a schedule's last.
  [[nodiscard]] virtual Expected<std::vector<ScheduleRun>> schedule_runs(const std::string& name,
                                                                         int limit) = 0;

  // Writes what follows the end of the trail (`next_audit_record`): one at a time among all
  // programs, so that the chain has no gap and no fork. After in_doubt the record may be there.
  [[nodiscard]] virtual Expected<AuditRecord> append_audit(const AuditEntry& entry, Time now) = 0;
  // Newest first, below `before`.
  [[nodiscard]] virtual Expected<std::vector<AuditRecord>> audit_page(
      std::optional<std::int64_t> before, int limit) = 0;
  // Oldest first, above `after`.
  [[nodiscard]] virtual Expected<std::vector<AuditRecord>> audit_scan(std::int64_t after,
                                                                      int limit) = 0;
  // Ciphers. Those that exist, in no order; each goes with its task.
  [[nodiscard]] virtual Expected<std::vector<StoredCipher>> task_ciphers(
      std::span<const TaskId> ids) = 0;
  // Keeps the first that is offered.
  [[nodiscard]] virtual Expected<void> put_root_cipher(const TaskCipher& cipher) = 0;
  // By key id; the root counts. Reads the whole index.
  [[nodiscard]] virtual Expected<std::vector<CipherCount>> cipher_counts() = 0;
  // Those that are wrapped by the key, by task_id, above `after`.
  [[nodiscard]] virtual Expected<std::vector<StoredCipher>> ciphers_under(const std::string& key_id,
                                                                          TaskId after,
                                                                          int limit) = 0;
  // In one transaction; one that is no longer wrapped as `from` says is left. Answers how many were
  // changed.
  [[nodiscard]] virtual Expected<int> rewrap(std::span<const Rewrapped> rewrapped) = 0;

  // The engine's own housekeeping (checkpoint of the WAL, roll-up of old statistics, old
  // idempotency keys, unique windows, workers, ended operations and changes, ranges for the ids to
  // come); cheap when there is nothing to do.
  [[nodiscard]] virtual Expected<void> maintain(Time now) = 0;
};

}  // namespace esteira
