// What the contract says must be true after everything that the store has acknowledged: an
// independent account of every task, kept in plain maps and written from the delivery contract.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/events.hpp"

namespace esteira::sim {

// An attempt that the store has accepted the end of.
struct EndedAttempt {
  int attempt = 0;
  LeaseId lease_id;  // zero: ended while it waited
  ExecutionStatus status = ExecutionStatus::completed;
};

struct LiveClaim {
  Fence fence;
  std::string worker;
  std::string ran_by;  // who claimed it; taking a lease over does not change that
  Time expires_at{};
  bool cancel_requested = false;
  bool lease_ended = false;  // it was taken over after its lease had ended
};

enum class Stage : std::uint8_t { waiting, running, ended };

struct TaskRecord {
  TaskId task_id = 0;
  TypeId type_id = 0;
  std::int64_t order = 0;  // which wish of a producer it fulfils
  int max_retries = 0;
  std::optional<std::string> unique_key;
  UniqueScope unique_scope = UniqueScope::active;
  std::optional<Time> unique_until{};  // of a window
  bool unstarted = true;               // since it took its key
  std::string payload;

  Stage stage = Stage::waiting;
  Time run_at{};  // while it waits: not before
  int claims = 0;
  int retries = 0;
  int crashes = 0;
  std::optional<LiveClaim> live{};  // while it runs
  TaskStatus ended_as = TaskStatus::completed;
  Time ended_at{};
  std::vector<EndedAttempt> ended_attempts{};
  std::optional<std::string> checkpoint{};
  std::map<std::string, std::int64_t> numbers{};
  bool acknowledged = false;
};

class Ledger {
 public:
  void apply(const Event& event);

  // Null: it was never there, or it was removed.
  [[nodiscard]] const TaskRecord* find(TaskId task_id) const;
  [[nodiscard]] const std::map<TaskId, TaskRecord>& tasks() const { return tasks_; }
  [[nodiscard]] bool was_removed(TaskId task_id) const { return removed_.contains(task_id); }
  [[nodiscard]] const std::map<std::string, TaskId>& keys() const { return keys_; }
  [[nodiscard]] const TaskType* type(TypeId type_id) const;
  // Who holds a unique key, other than `except`.
  [[nodiscard]] std::optional<TaskId> unique_holder(TypeId type_id, const std::string& key,
                                                    TaskId except, Time now) const;
  [[nodiscard]] TaskId highest_id() const { return highest_id_; }

  // The live claim that a fence names, or null where it is stale.
  [[nodiscard]] const LiveClaim* live(const Fence& fence) const;
  // The fence was settled before.
  [[nodiscard]] bool was_settled(const Fence& fence) const;
  // The tasks that a lease still holds.
  [[nodiscard]] std::vector<TaskId> held_by(const LeaseId& lease_id) const;
  [[nodiscard]] TaskStatus status(const TaskRecord& task) const;
  [[nodiscard]] bool all_ended() const;

  // Goes up whenever a task comes, goes or changes its stage.
  [[nodiscard]] std::int64_t moves() const { return moves_; }
  // Tasks that an event named since the last call.
  [[nodiscard]] std::set<TaskId> take_touched() { return std::exchange(touched_, {}); }

 private:
  void on(const Inserted& event);
  void on(const NoteTaken& event);
  void on(const Offered& event);
  void on(const Renewed& event);
  void on(const ClaimAnswered& event);
  void on(const Claimed& event);
  void on(const TakeOverAnswered& event);
  void on(const TakenOver& event);
  void on(const CancelAsked& event);
  void on(const RetryAsked& event);
  void on(const RemoveAsked& event);
  void on(const Pruned& event);
  void on(const TypeChanged& event);
  void on(const TickAsked& event);
  void on(const Refused& event);
  void on(const Acknowledged& event);

  TaskRecord* touch(TaskId task_id);
  void move(TaskRecord& task, Stage stage);
  void erase(TaskId task_id);

  std::map<TaskId, TaskRecord> tasks_;
  std::set<TaskId> removed_;
  std::map<std::string, TaskId> keys_;
  std::map<TypeId, TaskType> types_;
  std::set<TaskId> touched_;
  TaskId highest_id_ = 0;
  std::int64_t moves_ = 0;
};

}  // namespace esteira::sim
