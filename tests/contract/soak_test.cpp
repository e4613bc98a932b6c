// Everything at once: producers, workers that lose their word, late results, rescues and cancels,
// on threads; in the end each task has ended once and its history is whole.
#include <algorithm>
#include <atomic>
#include <map>

#include <gtest/gtest.h>

#include "contract/contract.hpp"
#include "support/manual_clock.hpp"

namespace esteira::test {
namespace {

constexpr int tasks = 600;
constexpr int batch = 20;
// Far more than are needed: where tasks get stuck, the test ends and says so.
constexpr int ticks_max = 20'000;

class Soak : public Contract {
 protected:
  void produce(TaskRepository& mine, SeededRandom& random);
  void work(TaskRepository& mine, SeededRandom& random, const std::string& name);
  void rescue(TaskRepository& mine, SeededRandom& random);
  void cancel_some(TaskRepository& mine, SeededRandom& random);
  void expect_whole(const Task& task);

  ManualClock clock{now()};
  TypeId alpha_id = 0;
  std::atomic<int> made{0};
  std::atomic<int> ended_count{0};
  std::atomic<TaskId> newest{0};

 private:
  [[nodiscard]] bool goes_on(int tick) const { return ended_count < tasks && tick < ticks_max; }
  // Counts the ends among the settlements that were applied; settles again what was to be
  // cancelled.
  std::vector<Settlement> note_answers(const std::vector<Settlement>& offered,
                                       const std::vector<FinishStatus>& answers);
};

void Soak::produce(TaskRepository& mine, SeededRandom& random) {
  while (made < tasks) {
    std::vector<NewTaskRow> rows;
    for (int count = 0; count < batch; ++count) {
      NewTaskRow row = new_task_row(alpha_id);
      row.priority = random.below(3);
      if (random.below(4) == 0) row.scheduled_for = clock.now() + 2s;
      rows.push_back(row);
    }
    newest = must(mine.insert(rows, clock.now())).back().task_id;
    made += batch;
  }
}

std::vector<Settlement> Soak::note_answers(const std::vector<Settlement>& offered,
                                           const std::vector<FinishStatus>& answers) {
  std::vector<Settlement> again;
  for (std::size_t at = 0; at < offered.size(); ++at) {
    const Settlement& settlement = offered[at];
    if (answers.at(at) == FinishStatus::applied) {
      if (std::holds_alternative<Ended>(settlement.next)) ++ended_count;
    } else if (answers.at(at) == FinishStatus::cancel_requested) {
      Settlement stopped = settlement;
      stopped.next = Ended{TaskStatus::cancelled};
      stopped.status = ExecutionStatus::cancelled;
      again.push_back(stopped);
    }
  }
  return again;
}

void Soak::work(TaskRepository& mine, SeededRandom& random, const std::string& name) {
  std::vector<Settlement> settlements;
  std::vector<Settlement> forgotten;  // offered long after, when the lease may be another's
  for (int tick = 0; goes_on(tick); ++tick) {
    clock.advance(100ms);
    TickRequest request;
    request.worker = name;
    request.settlements = settlements;
    request.promote_limit = 100;
    request.claim = ClaimRequest{.lease_id = random.lease_id(),
                                 .types = {alpha_id},
                                 .limit = 1 + random.below(15),
                                 .lease = 5s,
                                 .ageing = 1min};
    const TickAnswer answer = must(mine.tick(request, clock.now()));
    settlements = note_answers(settlements, answer.settlements);
    for (const Claim& claim : answer.claims) {
      const int fate = random.below(10);
      if (fate == 0) {
        forgotten.push_back(completed(claim, clock.now()));
      } else if (fate == 1) {
        settlements.push_back(failed(claim, clock.now()));
      } else if (fate == 2) {
        settlements.push_back(interrupted(claim, clock.now()));
      } else {
        settlements.push_back(completed(claim, clock.now()));
      }
    }
    if (random.below(20) == 0) {
      std::ranges::move(forgotten, std::back_inserter(settlements));
      forgotten.clear();
    }
  }
}

void Soak::rescue(TaskRepository& mine, SeededRandom& random) {
  for (int tick = 0; goes_on(tick); ++tick) {
    clock.advance(100ms);
    std::vector<Settlement> settlements;
    for (const auto& taken :
         must(mine.take_expired("rescuer", random.lease_id(), 5s, 10, clock.now()))) {
      settlements.push_back(expired(taken.claim, clock.now(), taken.previous_worker));
    }
    while (!settlements.empty()) {
      TickRequest request;
      request.settlements = settlements;
      settlements = note_answers(settlements, must(mine.tick(request, clock.now())).settlements);
    }
  }
}

void Soak::cancel_some(TaskRepository& mine, SeededRandom& random) {
  for (int tick = 0; goes_on(tick); ++tick) {
    clock.advance(50ms);
    if (newest == 0) continue;
    const TaskId task_id = 1 + random.below(static_cast<int>(newest.load()));
    const auto answer = must(mine.cancel(std::span{&task_id, 1}, clock.now())).at(0);
    if (answer == ChangeStatus::applied) ++ended_count;
    // A tenth of the tasks at most: the others are for the workers.
    if (tick > tasks / 10) return;
  }
}

void Soak::expect_whole(const Task& task) {
  SCOPED_TRACE("task " + std::to_string(task.task_id));
  EXPECT_TRUE(task.completed_at) << to_text(task.status);
  const std::vector<Execution> history = executions(task.task_id);
  ASSERT_EQ(std::ssize(history), task.attempt);
  int crashes = 0;
  for (std::size_t at = 0; at < history.size(); ++at) {
    EXPECT_EQ(history[at].attempt, static_cast<int>(at) + 1);
    EXPECT_NE(history[at].status, ExecutionStatus::processing);
    if (at + 1 < history.size()) {
      EXPECT_NE(history[at].status, ExecutionStatus::completed);
      EXPECT_NE(history[at].status, ExecutionStatus::cancelled);
    }
    crashes += history[at].status == ExecutionStatus::expired ? 1 : 0;
  }
  // A lease that expires after its task was to be cancelled is told as the cancel.
  const int told_as_cancel = task.status == TaskStatus::cancelled ? 1 : 0;
  EXPECT_GE(task.crashes, crashes);
  EXPECT_LE(task.crashes, crashes + told_as_cancel);
}

TEST_P(Soak, every_task_ends_once_whatever_happens_to_its_workers) {
  alpha_id = type("ALPHA");
  run_together(6, [&](int index) {
    const auto mine = another();
    SeededRandom random{static_cast<std::uint64_t>(index) + 17};
    switch (index) {
      case 0:
        produce(*mine, random);
        return;
      case 1:
        rescue(*mine, random);
        return;
      case 2:
        cancel_some(*mine, random);
        return;
      default:
        work(*mine, random, "worker-" + std::to_string(index));
    }
  });
  EXPECT_EQ(ended_count, tasks);
  const std::vector<Task> all = must(repository().tasks({.limit = 1000}, clock.now()));
  EXPECT_EQ(all.size(), std::size_t{tasks});
  std::array<std::int64_t, task_statuses> counts{};
  for (const Task& task : all) {
    expect_whole(task);
    counts[static_cast<std::size_t>(task.status)] += 1;
  }
  EXPECT_EQ(must(repository().stats(clock.now())).by_status, counts);
}

INSTANTIATE_TEST_SUITE_P(Stores, Soak, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
