#include "engines/postgres/finish.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "base/assert.hpp"
#include "engines/postgres/stats_book.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

bool ends(const Settlement* settlement) { return std::holds_alternative<Ended>(settlement->next); }

// A requested cancel comes first, unless the attempt ended so that it doesn't matter.
bool yields(const Settlement* settlement) {
  return !ends(settlement) || std::get<Ended>(settlement->next).status == TaskStatus::failed;
}

std::optional<Time> retry_at(const Settlement* settlement) {
  const auto* again = std::get_if<Again>(&settlement->next);
  if (again == nullptr) return std::nullopt;
  return again->run_at;
}

std::optional<JsonText> json(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return JsonText{*text};
}

FinishStatus status_of(std::int64_t code) {
  switch (code) {
    case 1:
      return FinishStatus::already_applied;
    case 2:
      return FinishStatus::stale;
    default:
      ESTEIRA_ASSERT(code == 3);
      return FinishStatus::cancel_requested;
  }
}

}  // namespace

Finish::Finish(std::span<const Settlement> settlements, int shard, Time now)
    : settlements_(settlements),
      shard_(shard),
      now_(now),
      places_(settlements.size()),
      first_(settlements.size()) {
  std::vector<std::size_t> order(settlements.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return settlements[i].fence; });
  for (const std::size_t i : order) {
    first_[i] = distinct_.empty() || distinct_.back()->fence != settlements[i].fence;
    if (first_[i]) distinct_.push_back(&settlements[i]);
    places_[i] = distinct_.size() - 1;
  }
}

Statement Finish::statement() const {
  using Ref = const Settlement*;
  std::set<LeaseId> leases;
  StatsBook stats;
  for (const Ref s : distinct_) {
    leases.insert(s->fence.lease_id);
    stats.add(*s, /*ran=*/true);
  }
  const bool again = !std::ranges::all_of(distinct_, ends);
  Params params;
  params.array<LeaseId>(leases)
      .add(now_)
      .add(again)
      .add(static_cast<std::int64_t>(distinct_.size()))
      .add(shard_)
      .array<std::int64_t>(distinct_, [](Ref s) { return s->fence.task_id; })
      .column<LeaseId>(distinct_, [](Ref s) { return s->fence.lease_id; })
      .column<int>(distinct_, [](Ref s) { return s->fence.attempt; })
      .column<int>(distinct_, [](Ref s) { return s->type_id; })
      .column<std::string_view>(distinct_, [](Ref s) { return to_text(s->status); })
      .column<bool>(distinct_, ends)
      .column<bool>(distinct_, yields)
      .column<int>(distinct_, [](Ref s) { return s->retries; })
      .column<int>(distinct_, [](Ref s) { return s->crashes; })
      .column<Time>(distinct_, [](Ref s) { return s->run_at; })
      .column<Time>(distinct_, [](Ref s) { return s->started_at; })
      .column<Time>(distinct_, [](Ref s) { return s->completed_at; })
      .column<int>(distinct_, [](Ref s) { return StatsBook::pack(*s); })
      .array<Time>(distinct_, retry_at)
      .array<std::string_view>(distinct_,
                               [](Ref s) -> std::optional<std::string_view> {
                                 if (!s->error_message) return std::nullopt;
                                 return *s->error_message;
                               })
      .array<JsonText>(distinct_, [](Ref s) { return json(s->result); })
      .array<JsonText>(distinct_, [](Ref s) -> std::optional<JsonText> {
        if (s->metadata.empty()) return std::nullopt;
        return JsonText{s->metadata};
      });
  stats.append_to(params);
  return {.sql = sql::finish, .params = std::move(params)};
}

bool Finish::others_wait(const Rows& rejected) {
  for (int row = 0; row < rejected.size(); ++row) {
    if (rejected.integer(row, 0) == 0) return true;
  }
  return false;
}

std::vector<FinishStatus> Finish::answer(const Rows& rejected) const {
  std::vector<FinishStatus> of_distinct(distinct_.size(), FinishStatus::applied);
  for (int row = 0; row < rejected.size(); ++row) {
    if (rejected.integer(row, 0) == 0) continue;
    of_distinct.at(static_cast<std::size_t>(rejected.integer(row, 0) - 1)) =
        status_of(rejected.integer(row, 1));
  }
  std::vector<FinishStatus> answers;
  answers.reserve(settlements_.size());
  for (std::size_t i = 0; i < settlements_.size(); ++i) {
    const FinishStatus status = of_distinct[places_[i]];
    const bool repeated = !first_[i] && status == FinishStatus::applied;
    answers.push_back(repeated ? FinishStatus::already_applied : status);
  }
  return answers;
}

}  // namespace esteira::postgres
