// A process's way to the store, with all that can happen on it: the store is away, the answer is
// lost before or after the commit, the process dies or stands still before or after the call.
#pragma once

#include "world/delegate.hpp"

namespace esteira::sim {

class Process;

class FaultyRepository final : public Delegate {
 public:
  FaultyRepository(TaskRepository& inner, Process& process) : Delegate(inner), process_(process) {}

  [[nodiscard]] Expected<void> ping() override;
  [[nodiscard]] Expected<Time> server_time() override;
  [[nodiscard]] Expected<std::vector<TaskType>> types() override;
  [[nodiscard]] Expected<std::int64_t> types_version() override;
  [[nodiscard]] Expected<TaskType> put_type(const TaskType& type, Time now) override;
  [[nodiscard]] Expected<std::vector<InsertedTask>> insert(std::span<const NewTaskRow> rows,
                                                           Time now) override;
  [[nodiscard]] Expected<TickAnswer> tick(const TickRequest& request, Time now) override;
  [[nodiscard]] Expected<std::vector<Renewal::Held>> cancel_requests() override;
  [[nodiscard]] Expected<std::vector<TakenOver>> take_expired(const std::string& worker,
                                                              const LeaseId& lease_id,
                                                              Duration lease, int limit,
                                                              Time now) override;
  [[nodiscard]] Expected<bool> has_ready(std::span<const TypeId> types, Time now) override;
  [[nodiscard]] Expected<void> put_worker(const WorkerRecord& worker) override;
  [[nodiscard]] Expected<void> remove_worker(const std::string& name) override;
  [[nodiscard]] Expected<std::optional<Task>> task(TaskId task_id, Time now) override;
  [[nodiscard]] Expected<std::vector<Execution>> executions(TaskId task_id) override;
  [[nodiscard]] Expected<std::vector<ChangeStatus>> cancel(std::span<const TaskId> ids,
                                                           Time now) override;
  [[nodiscard]] Expected<std::vector<ChangeStatus>> retry(std::span<const TaskId> ids,
                                                          Time now) override;
  [[nodiscard]] Expected<std::vector<ChangeStatus>> remove(std::span<const TaskId> ids,
                                                           Time now) override;
  [[nodiscard]] Expected<std::int64_t> prune(const PruneRequest& request, Time now) override;
  [[nodiscard]] Expected<void> maintain(Time now) override;

 private:
  enum class Fault : std::uint8_t {
    none,
    unavailable,
    in_doubt_undone,
    in_doubt_done,
    crash_before,
    crash_after,
    stall_before,
    stall_after,
  };

  [[nodiscard]] Fault draw();
  void stall();
  [[nodiscard]] Fault meet(std::string_view call);
  template <class Call>
  auto read(std::string_view name, Call&& call) -> decltype(call());
  template <class Call>
  auto write(std::string_view name, Call&& call) -> decltype(call());

  Process& process_;
};

}  // namespace esteira::sim
