// The leases that a transaction speaks about, each read once.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/claim.hpp"
#include "engines/sqlite/connection.hpp"

namespace esteira::sqlite {

// One task in a lease, with its numbers before the attempt.
struct HeldTask {
  enum class State : std::uint8_t { unknown, open, ended };

  TaskId task_id = 0;
  int attempt = 0;
  int retries = 0;
  int crashes = 0;
  Time run_at{};
  int flags = 0;
  State state = State::unknown;  // not stored: ended where its execution row exists
};
[[nodiscard]] std::string write_held_tasks(std::span<const HeldTask> tasks);
[[nodiscard]] Expected<std::vector<HeldTask>> read_held_tasks(std::string_view text);

// A row of task_leases. A task of a lease is listed in exactly one of its parts.
struct LeasePart {
  LeaseId lease_id;
  int part = 0;
  Time expires_at{};
  Time claimed_at{};
  std::string worker;
  std::optional<std::string> previous_worker;
  std::vector<HeldTask> tasks;
  std::size_t next = 0;     // where the next look-up most likely finds its task
  bool some_ended = false;  // by this transaction
};

// Reads columns lease_id, part, expires_at_us, claimed_at_us, worker, previous_worker, tasks.
[[nodiscard]] Expected<LeasePart> read_lease_part(const Query& row);
[[nodiscard]] Expected<void> insert_lease_part(Connection& connection, const LeasePart& part);

class LeaseBook {
 public:
  struct Place {
    LeasePart* part = nullptr;
    HeldTask* task = nullptr;
    explicit operator bool() const { return task != nullptr; }
  };

  explicit LeaseBook(Connection& connection) : connection_(connection) {}

  // The parts of a lease; none: it does not exist.
  [[nodiscard]] Expected<std::span<LeasePart>> parts(const LeaseId& lease_id);
  // Where the lease lists this task with this attempt, if it does.
  [[nodiscard]] Expected<Place> find(const Fence& fence);
  // The same, if the attempt has not ended either: a live fence.
  [[nodiscard]] Expected<Place> find_live(const Fence& fence);
  [[nodiscard]] Expected<bool> is_open(HeldTask& task);
  [[nodiscard]] Expected<bool> has_open(LeasePart& part);
  // After its rows were changed behind this book: the next look reads them again.
  void forget(const LeaseId& lease_id);
  // Deletes the parts in which nothing is open any more, of those where something ended.
  [[nodiscard]] Expected<void> delete_finished();

 private:
  struct Lease {
    LeaseId lease_id;
    std::vector<LeasePart> parts;
  };
  Connection& connection_;
  std::deque<Lease> leases_;  // few: searched from the last used
  Lease* last_ = nullptr;
};

}  // namespace esteira::sqlite
