// Notes: what a run says of itself is kept only while it is the run.
#include <algorithm>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Notes : public Contract {
 protected:
  bool progress(const Fence& fence, double fraction) {
    return note(ProgressNote{.fence = fence, .fraction = fraction, .text = "half way"}).applied;
  }
  bool log(const Fence& fence, int line, std::string text) {
    return note(LogNote{.fence = fence,
                        .line = line,
                        .at = now(),
                        .level = LogLevel::warning,
                        .text = std::move(text)})
        .applied;
  }
  bool checkpoint(const Fence& fence, std::string state) {
    return note(CheckpointNote{.fence = fence, .state = std::move(state)}).applied;
  }
  NoteAnswer number(const Fence& fence, std::string counter) {
    return note(NumberNote{.fence = fence, .counter = std::move(counter)});
  }
};

TEST_P(Notes, progress_is_shown_while_the_attempt_runs) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Claim claim = claim_one(alpha);
  EXPECT_TRUE(progress(claim.fence, 0.25));
  EXPECT_TRUE(progress(claim.fence, 0.5));
  EXPECT_EQ(task(task_id).progress, 0.5);
  finish(failed(claim, now()));
  EXPECT_FALSE(task(task_id).progress);
  pass(1h);
  claim_one(alpha);
  EXPECT_FALSE(task(task_id).progress) << "it was said of the attempt before";
}

TEST_P(Notes, log_lines_are_kept_in_order_with_each_attempt) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Claim first = claim_one(alpha);
  EXPECT_TRUE(log(first.fence, 1, "one"));
  EXPECT_TRUE(log(first.fence, 2, "two"));
  finish(failed(first, now()));
  pass(1h);
  const Claim second = claim_one(alpha);
  EXPECT_TRUE(log(second.fence, 1, "three"));
  finish(completed(second, now()));
  const std::vector<LogLine> lines = must(repository().log_lines(task_id));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].text, "one");
  EXPECT_EQ(lines[1].text, "two");
  EXPECT_EQ(lines[1].line, 2);
  EXPECT_EQ(lines[1].level, LogLevel::warning);
  EXPECT_EQ(lines[1].at, now() - 1h);
  EXPECT_EQ(lines[2].text, "three");
  EXPECT_EQ(lines[2].attempt, 2);
}

TEST_P(Notes, the_same_log_line_again_is_ignored) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Claim claim = claim_one(alpha);
  EXPECT_TRUE(log(claim.fence, 1, "first"));
  EXPECT_TRUE(log(claim.fence, 1, "second"));
  const std::vector<LogLine> lines = must(repository().log_lines(task_id));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].text, "first");
}

TEST_P(Notes, many_notes_travel_together_and_answer_in_order) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 2);
  const std::vector<Claim> claims = claim({alpha});
  Fence wrong = claims[1].fence;
  wrong.attempt += 1;
  const std::vector<Note> notes{
      LogNote{.fence = claims[0].fence, .line = 1, .at = now(), .text = "a"},
      NumberNote{.fence = claims[1].fence, .counter = "nfse"},
      ProgressNote{.fence = wrong, .fraction = 0.5, .text = ""},
      NumberNote{.fence = claims[0].fence, .counter = "nfse"},
      CheckpointNote{.fence = claims[1].fence, .state = "{}"},
      NumberNote{.fence = wrong, .counter = "nfse"},
      LogNote{.fence = claims[0].fence, .line = 2, .at = now(), .text = "b"}};
  TickRequest request;
  request.worker = worker_name;
  request.notes = notes;
  std::vector<bool> applied;
  std::vector<std::int64_t> numbers;
  for (const NoteAnswer& answer : tick(request).notes) {
    applied.push_back(answer.applied);
    numbers.push_back(answer.number);
  }
  EXPECT_EQ(applied, (std::vector{true, true, false, true, true, false, true}));
  EXPECT_EQ(numbers[1], 1);
  EXPECT_EQ(numbers[3], 2);
  EXPECT_EQ(must(repository().log_lines(claims[0].fence.task_id)).size(), 2U);
}

TEST_P(Notes, a_stale_fence_changes_nothing) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const TaskId ended_id = add(new_task_row(alpha));
  const std::vector<Claim> claims = claim({alpha});
  finish(completed(claims[1], now()));
  Fence wrong_attempt = claims[0].fence;
  wrong_attempt.attempt += 1;
  Fence wrong_lease = claims[0].fence;
  wrong_lease.lease_id = chance.lease_id();
  Fence wrong_task = claims[0].fence;
  wrong_task.task_id += 1000;
  const std::string before = everything_of(task_id) + everything_of(ended_id);
  for (const Fence& fence : {wrong_attempt, wrong_lease, wrong_task, claims[1].fence}) {
    EXPECT_FALSE(progress(fence, 0.5));
    EXPECT_FALSE(log(fence, 1, "text"));
    EXPECT_FALSE(checkpoint(fence, "{}"));
    EXPECT_FALSE(number(fence, "counter").applied);
  }
  EXPECT_EQ(everything_of(task_id) + everything_of(ended_id), before);
  EXPECT_EQ(number(claims[0].fence, "counter").number, 1) << "stale ones took no number";
  finish(snoozed(claims[0], now(), 1s));
  pass(3s);
  EXPECT_FALSE(claim_one(alpha).checkpoint);
}

TEST_P(Notes, who_was_taken_over_says_nothing_more) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Claim old = claim_one(alpha);
  pass(1min);
  const Claim taken = take_expired().at(0).claim;
  EXPECT_FALSE(log(old.fence, 1, "old"));
  EXPECT_FALSE(checkpoint(old.fence, "1"));
  EXPECT_TRUE(log(taken.fence, 1, "new"));
  EXPECT_EQ(must(repository().log_lines(task_id)).at(0).text, "new");
}

TEST_P(Notes, a_checkpoint_comes_with_the_next_claim) {
  const TypeId alpha = type("ALPHA");
  add(new_task_row(alpha));
  const Claim first = claim_one(alpha);
  EXPECT_TRUE(checkpoint(first.fence, R"({"page":1})"));
  EXPECT_TRUE(checkpoint(first.fence, R"({"page":2})"));
  finish(failed(first, now()));
  pass(1h);
  const Claim second = claim_one(alpha);
  ASSERT_TRUE(second.checkpoint);
  EXPECT_EQ(must(parse_json(*second.checkpoint)), Json({{"page", 2}}));
}

TEST_P(Notes, a_checkpoint_survives_a_crash) {
  const TypeId alpha = type("ALPHA");
  add(new_task_row(alpha));
  checkpoint(claim_one(alpha).fence, R"("here")");
  pass(1min);
  const Claim taken = take_expired().at(0).claim;
  EXPECT_EQ(taken.checkpoint, R"("here")");
  finish(expired(taken, now()));
  pass(2s);
  EXPECT_EQ(claim_one(alpha).checkpoint, R"("here")");
}

TEST_P(Notes, the_largest_checkpoint_survives) {
  const TypeId alpha = type("ALPHA");
  add(new_task_row(alpha));
  const Claim first = claim_one(alpha);
  const std::string largest = '"' + std::string(limits::checkpoint_bytes_max - 2, 'x') + '"';
  EXPECT_TRUE(checkpoint(first.fence, largest));
  finish(snoozed(first, now(), 0s));
  pass(2s);
  EXPECT_EQ(claim_one(alpha).checkpoint, largest);
}

TEST_P(Notes, a_checkpoint_ends_with_its_task) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Claim first = claim_one(alpha);
  checkpoint(first.fence, "1");
  finish(failed_for_good(first, now()));
  EXPECT_EQ(retry(task_id), ChangeStatus::applied);
  pass(2s);
  EXPECT_FALSE(claim_one(alpha).checkpoint);
}

TEST_P(Notes, a_task_keeps_its_number_over_all_attempts) {
  const TypeId alpha = type("ALPHA");
  add(new_task_row(alpha));
  const Claim first = claim_one(alpha);
  const NoteAnswer answer = number(first.fence, "nfse");
  EXPECT_TRUE(answer.applied);
  EXPECT_EQ(answer.number, 1);
  EXPECT_EQ(number(first.fence, "nfse").number, 1);
  finish(failed(first, now()));
  pass(1h);
  EXPECT_EQ(number(claim_one(alpha).fence, "nfse").number, 1);
}

TEST_P(Notes, counters_count_on_their_own) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 3);
  const std::vector<Claim> claims = claim({alpha});
  EXPECT_EQ(number(claims[0].fence, "a").number, 1);
  EXPECT_EQ(number(claims[1].fence, "a").number, 2);
  EXPECT_EQ(number(claims[1].fence, "b").number, 1);
  EXPECT_EQ(number(claims[2].fence, "a").number, 3);
  EXPECT_EQ(number(claims[0].fence, "b").number, 2);
}

TEST_P(Notes, numbers_have_no_gaps_and_no_doubles_under_concurrency) {
  constexpr std::size_t threads = 4;
  constexpr std::size_t each = 25;
  const TypeId alpha = type("ALPHA");
  add_many(alpha, static_cast<int>(threads * each));
  const std::vector<Claim> claims = claim({alpha});
  std::vector<std::int64_t> numbers(claims.size());
  run_together(static_cast<int>(threads), [&](int index) {
    const auto mine = another();
    for (std::size_t at = static_cast<std::size_t>(index); at < claims.size(); at += threads) {
      const Note asked = NumberNote{.fence = claims[at].fence, .counter = "nfse"};
      TickRequest request;
      request.notes = std::span{&asked, 1};
      numbers[at] = must(mine->tick(request, now())).notes.at(0).number;
    }
  });
  std::ranges::sort(numbers);
  for (std::size_t at = 0; at < numbers.size(); ++at) {
    EXPECT_EQ(numbers[at], static_cast<std::int64_t>(at) + 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, Notes, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
