#include "world/faulty.hpp"

#include "world/world.hpp"

namespace esteira::sim {

FaultyRepository::Fault FaultyRepository::draw() {
  auto& world = process_.world();
  if (world.quiet()) return Fault::none;
  if (world.at() < process_.away_until) return Fault::unavailable;
  auto& random = process_.random();
  const auto& rates = world.plan().faults;
  double left = random.fraction();
  const auto falls_on = [&left](double rate) { return (left -= rate) < 0; };
  if (falls_on(rates.unavailable)) return Fault::unavailable;
  if (falls_on(rates.in_doubt_undone)) return Fault::in_doubt_undone;
  if (falls_on(rates.in_doubt_done)) return Fault::in_doubt_done;
  if (falls_on(rates.crash / 2)) return Fault::crash_before;
  if (falls_on(rates.crash / 2)) return Fault::crash_after;
  if (falls_on(rates.stall / 2)) return Fault::stall_before;
  if (falls_on(rates.stall / 2)) return Fault::stall_after;
  return Fault::none;
}

// From a hiccup to three leases.
void FaultyRepository::stall() {
  auto& world = process_.world();
  const auto length =
      spread(process_.random(), std::chrono::milliseconds{1}, 3 * world.plan().lease);
  world.stand_still(process_, world.at() + length);
}

// Draws what happens to a call, and lets happen what comes before it.
FaultyRepository::Fault FaultyRepository::meet(std::string_view call) {
  constexpr std::string_view words[] = {"",
                                        "is away",
                                        "is lost before its commit",
                                        "is lost after its commit",
                                        "dies before",
                                        "dies after",
                                        "stalls before",
                                        "stalls after"};
  const auto fault = draw();
  if (fault == Fault::none) return fault;
  auto& world = process_.world();
  world.trace().line(world.at(), "{} {}: {}", process_.name(), call,
                     words[static_cast<std::size_t>(fault)]);
  if (fault == Fault::crash_before) throw Crash{};
  if (fault == Fault::stall_before) stall();
  return fault;
}

template <class Call>
auto FaultyRepository::read(std::string_view name, Call&& call) -> decltype(call()) {
  const auto fault = meet(name);
  // What only reads has nothing to be in doubt about.
  if (fault == Fault::unavailable || fault == Fault::in_doubt_undone ||
      fault == Fault::in_doubt_done) {
    return fail(ErrorCode::unavailable, "simulated: the store is away");
  }
  auto answer = call();
  if (fault == Fault::crash_after) throw Crash{};
  if (fault == Fault::stall_after) stall();
  return answer;
}

template <class Call>
auto FaultyRepository::write(std::string_view name, Call&& call) -> decltype(call()) {
  const auto fault = meet(name);
  if (fault == Fault::unavailable) {
    return fail(ErrorCode::unavailable, "simulated: the store is away");
  }
  if (fault == Fault::in_doubt_undone) {
    return fail(ErrorCode::in_doubt, "simulated: lost before the commit");
  }
  auto answer = call();
  if (fault == Fault::in_doubt_done) {
    return fail(ErrorCode::in_doubt, "simulated: lost after the commit");
  }
  if (fault == Fault::crash_after) throw Crash{};
  if (fault == Fault::stall_after) stall();
  return answer;
}

Expected<void> FaultyRepository::ping() {
  return read("ping", [&] { return inner().ping(); });
}
Expected<Time> FaultyRepository::server_time() {
  return read("server_time", [&] { return inner().server_time(); });
}
Expected<std::vector<TaskType>> FaultyRepository::types() {
  return read("types", [&] { return inner().types(); });
}
Expected<std::int64_t> FaultyRepository::types_version() {
  return read("types_version", [&] { return inner().types_version(); });
}
Expected<TaskType> FaultyRepository::put_type(const TaskType& type, Time now) {
  return write("put_type", [&] { return inner().put_type(type, now); });
}
Expected<std::vector<InsertedTask>> FaultyRepository::insert(std::span<const NewTaskRow> rows,
                                                             Time now) {
  return write("insert", [&] { return inner().insert(rows, now); });
}
Expected<TickAnswer> FaultyRepository::tick(const TickRequest& request, Time now) {
  process_.world().record(TickAsked{request});
  return write("tick", [&] { return inner().tick(request, now); });
}
Expected<std::vector<Renewal::Held>> FaultyRepository::cancel_requests() {
  return read("cancel_requests", [&] { return inner().cancel_requests(); });
}
Expected<std::vector<TaskRepository::TakenOver>> FaultyRepository::take_expired(
    const std::string& worker, const LeaseId& lease_id, Duration lease, int limit, Time now) {
  return write("take_expired",
               [&] { return inner().take_expired(worker, lease_id, lease, limit, now); });
}
Expected<bool> FaultyRepository::has_ready(std::span<const TypeId> types, Time now) {
  return read("has_ready", [&] { return inner().has_ready(types, now); });
}
Expected<void> FaultyRepository::put_worker(const WorkerRecord& worker) {
  return write("put_worker", [&] { return inner().put_worker(worker); });
}
Expected<void> FaultyRepository::remove_worker(const std::string& name) {
  return write("remove_worker", [&] { return inner().remove_worker(name); });
}
Expected<std::optional<Task>> FaultyRepository::task(TaskId task_id, Time now) {
  return read("task", [&] { return inner().task(task_id, now); });
}
Expected<std::vector<Execution>> FaultyRepository::executions(TaskId task_id) {
  return read("executions", [&] { return inner().executions(task_id); });
}
Expected<std::vector<ChangeStatus>> FaultyRepository::cancel(std::span<const TaskId> ids,
                                                             Time now) {
  return write("cancel", [&] { return inner().cancel(ids, now); });
}
Expected<std::vector<ChangeStatus>> FaultyRepository::retry(std::span<const TaskId> ids, Time now) {
  return write("retry", [&] { return inner().retry(ids, now); });
}
Expected<std::vector<ChangeStatus>> FaultyRepository::remove(std::span<const TaskId> ids,
                                                             Time now) {
  return write("remove", [&] { return inner().remove(ids, now); });
}
Expected<std::int64_t> FaultyRepository::prune(const PruneRequest& request, Time now) {
  return write("prune", [&] { return inner().prune(request, now); });
}
Expected<void> FaultyRepository::maintain(Time now) {
  return write("maintain", [&] { return inner().maintain(now); });
}

}  // namespace esteira::sim
