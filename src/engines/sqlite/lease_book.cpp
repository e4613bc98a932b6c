#include "engines/sqlite/lease_book.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

constexpr std::size_t fields_of_task = 6;

void append_number(std::string& text, std::int64_t number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  text.append(digits.data(), end);
}

// Reads the numbers of one "[…]" at `at`, which moves behind it.
bool read_numbers(const char*& at, const char* end, std::array<std::int64_t, fields_of_task>& out) {
  for (auto& number : out) {
    if (at == end) return false;
    ++at;  // "[" or ","
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{}) return false;
    at = next;
  }
  if (at == end || *at != ']') return false;
  ++at;
  return true;
}

}  // namespace

std::string write_held_tasks(std::span<const HeldTask> tasks) {
  std::string text;
  text.reserve(tasks.size() * 48 + 2);
  for (const auto& task : tasks) {
    text += text.empty() ? "[[" : ",[";
    append_number(text, task.task_id);
    for (const int number : {task.attempt, task.retries, task.crashes}) {
      text += ',';
      append_number(text, number);
    }
    text += ',';
    append_number(text, task.run_at.time_since_epoch().count());
    text += ',';
    append_number(text, task.flags);
    text += ']';
  }
  text += text.empty() ? "[]" : "]";
  return text;
}

Expected<std::vector<HeldTask>> read_held_tasks(std::string_view text) {
  std::vector<HeldTask> tasks;
  tasks.reserve(text.size() / 24 + 1);
  const char* at = text.data();
  const char* const end = at + text.size();
  std::array<std::int64_t, fields_of_task> numbers{};
  while (at != end && *at != ']') {
    ++at;  // "[" of the list, or ","
    if (at != end && *at == ']') break;
    if (!read_numbers(at, end, numbers)) {
      return fail(ErrorCode::internal, "a row of task_leases is damaged");
    }
    tasks.push_back({.task_id = numbers[0],
                     .attempt = static_cast<int>(numbers[1]),
                     .retries = static_cast<int>(numbers[2]),
                     .crashes = static_cast<int>(numbers[3]),
                     .run_at = Time{Duration{numbers[4]}},
                     .flags = static_cast<int>(numbers[5])});
  }
  return tasks;
}

Expected<LeasePart> read_lease_part(const Query& row) {
  return LeasePart{.lease_id = row.lease_id(0),
                   .part = row.small(1),
                   .expires_at = row.time(2),
                   .claimed_at = row.time(3),
                   .worker = row.text(4),
                   .previous_worker = row.optional_text(5),
                   .tasks = ESTEIRA_TRY(read_held_tasks(row.view(6)))};
}

Expected<void> insert_lease_part(Connection& connection, const LeasePart& part) {
  const auto tasks = write_held_tasks(part.tasks);
  return connection.run(sql::lease_insert, part.lease_id, part.part, part.expires_at,
                        part.claimed_at, part.worker, part.previous_worker, tasks);
}

Expected<std::span<LeasePart>> LeaseBook::parts(const LeaseId& lease_id) {
  if (last_ == nullptr || last_->lease_id != lease_id) {
    const auto known = std::ranges::find(leases_, lease_id, &Lease::lease_id);
    if (known != leases_.end()) {
      last_ = &*known;
    } else {
      Lease lease{.lease_id = lease_id};
      auto query = ESTEIRA_TRY(connection_.query(sql::lease_parts));
      query.bind(lease_id);
      while (ESTEIRA_TRY(query.step())) {
        lease.parts.push_back(ESTEIRA_TRY(read_lease_part(query)));
      }
      last_ = &leases_.emplace_back(std::move(lease));
    }
  }
  return std::span(last_->parts);
}

Expected<LeaseBook::Place> LeaseBook::find(const Fence& fence) {
  for (auto& part : ESTEIRA_TRY(parts(fence.lease_id))) {
    // What is asked for mostly follows the order of the claim: the search goes on from there.
    for (std::size_t looked = 0; looked < part.tasks.size(); ++looked) {
      if (part.next >= part.tasks.size()) part.next = 0;
      auto& task = part.tasks[part.next++];
      if (task.task_id != fence.task_id) continue;
      if (task.attempt != fence.attempt) return Place{};
      return Place{.part = &part, .task = &task};
    }
  }
  return Place{};
}

Expected<LeaseBook::Place> LeaseBook::find_live(const Fence& fence) {
  const auto place = ESTEIRA_TRY(find(fence));
  if (!place || !ESTEIRA_TRY(is_open(*place.task))) return Place{};
  return place;
}

Expected<bool> LeaseBook::is_open(HeldTask& task) {
  if (task.state == HeldTask::State::unknown) {
    auto query = ESTEIRA_TRY(connection_.query(sql::execution_exists));
    query.bind(task.task_id, task.attempt);
    task.state = ESTEIRA_TRY(query.step()) ? HeldTask::State::ended : HeldTask::State::open;
  }
  return task.state == HeldTask::State::open;
}

Expected<bool> LeaseBook::has_open(LeasePart& part) {
  // From the end: tasks mostly end in the order in which they were claimed.
  for (auto task = part.tasks.rbegin(); task != part.tasks.rend(); ++task) {
    if (ESTEIRA_TRY(is_open(*task))) return true;
  }
  return false;
}

void LeaseBook::forget(const LeaseId& lease_id) {
  std::erase_if(leases_, [&](const Lease& lease) { return lease.lease_id == lease_id; });
  last_ = nullptr;
}

Expected<void> LeaseBook::delete_finished() {
  for (auto& lease : leases_) {
    for (auto& part : lease.parts) {
      if (!part.some_ended || ESTEIRA_TRY(has_open(part))) continue;
      ESTEIRA_TRY(connection_.run(sql::lease_delete, part.lease_id, part.part));
      part.tasks.clear();
    }
  }
  return {};
}

}  // namespace esteira::sqlite
