#include "engines/postgres/lease.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/assert.hpp"
#include "engines/postgres/claim.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

template <class Kind>
using NoteRefs = std::vector<const Kind*>;

template <class Kind>
Params fenced(const NoteRefs<Kind>& notes) {
  std::set<LeaseId> leases;
  for (const Kind* note : notes) leases.insert(note->fence.lease_id);
  Params params;
  params.array<LeaseId>(leases)
      .template array<LeaseId>(notes, [](const Kind* n) { return n->fence.lease_id; })
      .template array<std::int64_t>(notes, [](const Kind* n) { return n->fence.task_id; })
      .template array<int>(notes, [](const Kind* n) { return n->fence.attempt; });
  return params;
}

Statement note_statement(const NoteRefs<ProgressNote>& notes) {
  using Ref = const ProgressNote*;
  Params params = fenced(notes);
  params.array<double>(notes, [](Ref n) { return n->fraction; })
      .array<std::string_view>(notes, [](Ref n) { return std::string_view{n->text}; });
  return {.sql = sql::note_progress, .params = std::move(params)};
}

Statement note_statement(const NoteRefs<LogNote>& notes) {
  using Ref = const LogNote*;
  Params params = fenced(notes);
  params.array<int>(notes, [](Ref n) { return n->line; })
      .array<Time>(notes, [](Ref n) { return n->at; })
      .array<int>(notes, [](Ref n) { return static_cast<int>(n->level); })
      .array<std::string_view>(notes, [](Ref n) { return std::string_view{n->text}; });
  return {.sql = sql::note_log, .params = std::move(params)};
}

Statement note_statement(const NoteRefs<CheckpointNote>& notes) {
  Params params = fenced(notes);
  params.array<JsonText>(notes, [](const CheckpointNote* n) { return JsonText{n->state}; });
  return {.sql = sql::note_checkpoint, .params = std::move(params)};
}

Statement note_statement(const NoteRefs<NumberNote>& notes) {
  ESTEIRA_ASSERT(notes.size() == 1);
  const NumberNote& note = *notes.front();
  Params params;
  params.add(note.fence.lease_id).add(note.fence.task_id).add(note.fence.attempt).add(note.counter);
  return {.sql = sql::note_number, .params = std::move(params)};
}

template <class Kind>
NoteRefs<Kind> refs(std::span<const Note> notes, const std::vector<std::size_t>& places) {
  NoteRefs<Kind> refs;
  for (const std::size_t place : places) refs.push_back(&std::get<Kind>(notes[place]));
  return refs;
}

// A row of open_claims.sql or claims_of.sql.
Claim read_terms(const Rows& rows, int row) {
  Claim claim;
  claim.fence = {.task_id = rows.integer(row, 0),
                 .attempt = rows.small(row, 1),
                 .lease_id = rows.lease_id(row, 2)};
  claim.type_id = rows.small(row, 3);
  claim.priority = rows.small(row, 4);
  claim.retries = rows.small(row, 5);
  claim.crashes = rows.small(row, 6);
  claim.run_at = rows.time(row, 7);
  claim.max_retries = rows.small(row, 8);
  claim.timeout = rows.duration_or(row, 9);
  claim.scheduled_for = rows.time_or(row, 10);
  claim.created_at = rows.time(row, 11);
  claim.started_at = rows.time(row, 12);
  claim.lease_expires_at = rows.time(row, 13);
  claim.cancel_requested = rows.truth(row, 14);
  if (!rows.null(row, 15)) claim.terms = read_task_terms(rows.json(row, 15));
  return claim;
}

}  // namespace

Notes::Notes(std::span<const Note> notes) : notes_(notes) {
  std::array<Group, 3> together{Group{.kind = 0, .places = {}}, Group{.kind = 1, .places = {}},
                                Group{.kind = 2, .places = {}}};
  std::vector<std::size_t> numbers;
  for (std::size_t place = 0; place < notes.size(); ++place) {
    if (std::holds_alternative<NumberNote>(notes[place])) {
      numbers.push_back(place);
    } else {
      together.at(notes[place].index()).places.push_back(place);
    }
  }
  for (Group& group : together) {
    if (!group.places.empty()) groups_.push_back(std::move(group));
  }
  // Counters are locked in one order, so that two ticks don't wait in a circle.
  std::ranges::stable_sort(numbers, {}, [&](std::size_t place) {
    return std::string_view{std::get<NumberNote>(notes[place]).counter};
  });
  for (const std::size_t place : numbers) groups_.push_back({.kind = 3, .places = {place}});
}

std::vector<Statement> Notes::statements() const {
  std::vector<Statement> statements;
  for (const Group& group : groups_) {
    switch (group.kind) {
      case 0:
        statements.push_back(note_statement(refs<ProgressNote>(notes_, group.places)));
        break;
      case 1:
        statements.push_back(note_statement(refs<LogNote>(notes_, group.places)));
        break;
      case 2:
        statements.push_back(note_statement(refs<CheckpointNote>(notes_, group.places)));
        break;
      default:
        statements.push_back(note_statement(refs<NumberNote>(notes_, group.places)));
    }
  }
  return statements;
}

std::vector<NoteAnswer> Notes::answer(std::span<const Rows> rows) const {
  std::vector<NoteAnswer> answers(notes_.size());
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const Group& group = groups_[i];
    for (int row = 0; row < rows[i].size(); ++row) {
      const bool number = group.kind == 3;
      const auto in_group =
          number ? std::size_t{0} : static_cast<std::size_t>(rows[i].integer(row, 0) - 1);
      NoteAnswer& answer = answers[group.places.at(in_group)];
      answer.applied = true;
      if (number) answer.number = rows[i].integer(row, 0);
    }
  }
  return answers;
}

Statement renew_statement(std::span<const Renewal> renewals, Time expires_at) {
  std::set<LeaseId> leases;
  std::vector<Fence> held;
  for (const Renewal& renewal : renewals) {
    leases.insert(renewal.lease_id);
    for (const Renewal::Held& task : renewal.held) {
      held.push_back(
          {.task_id = task.task_id, .attempt = task.attempt, .lease_id = renewal.lease_id});
    }
  }
  Params params;
  params.array<LeaseId>(leases)
      .add(expires_at)
      .array<LeaseId>(held, [](const Fence& fence) { return fence.lease_id; })
      .array<std::int64_t>(held, [](const Fence& fence) { return fence.task_id; })
      .array<int>(held, [](const Fence& fence) { return fence.attempt; });
  return {.sql = sql::renew, .params = std::move(params)};
}

std::vector<RenewalAnswer> read_renewals(std::span<const Renewal> renewals, Time expires_at,
                                         const Rows& rows) {
  std::vector<RenewalAnswer> answers;
  std::vector<HeldStatus*> places;
  for (const Renewal& renewal : renewals) {
    answers.push_back({.lease_expires_at = expires_at,
                       .held = std::vector<HeldStatus>(renewal.held.size(), HeldStatus::ok)});
  }
  for (RenewalAnswer& answer : answers) {
    for (HeldStatus& status : answer.held) places.push_back(&status);
  }
  for (int row = 0; row < rows.size(); ++row) {
    *places.at(static_cast<std::size_t>(rows.integer(row, 0) - 1)) =
        rows.integer(row, 1) == 1 ? HeldStatus::cancel : HeldStatus::lost;
  }
  return answers;
}

Expected<std::vector<Renewal::Held>> Repository::cancel_requests() {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::cancel_requests));
  std::vector<Renewal::Held> requests;
  for (int row = 0; row < rows.size(); ++row) {
    requests.push_back({.task_id = rows.integer(row, 0), .attempt = rows.small(row, 1)});
  }
  return requests;
}

Expected<std::vector<std::optional<Claim>>> Repository::open_claims(std::span<const Fence> fences) {
  const RecursiveLock lock{mutex_};
  std::set<LeaseId> leases;
  for (const Fence& fence : fences) leases.insert(fence.lease_id);
  Params params;
  params.array<LeaseId>(leases)
      .array<LeaseId>(fences, [](const Fence& fence) { return fence.lease_id; })
      .array<std::int64_t>(fences, [](const Fence& fence) { return fence.task_id; })
      .array<int>(fences, [](const Fence& fence) { return fence.attempt; });
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::open_claims, std::move(params)));
  std::map<Fence, Claim> open;
  for (int row = 0; row < rows.size(); ++row) {
    Claim claim = read_terms(rows, row);
    open.insert_or_assign(claim.fence, std::move(claim));
  }
  std::vector<std::optional<Claim>> claims;
  claims.reserve(fences.size());
  for (const Fence& fence : fences) {
    const auto found = open.find(fence);
    claims.push_back(found == open.end() ? std::nullopt : std::optional{found->second});
  }
  return claims;
}

Expected<std::vector<Claim>> Repository::claims_of(const std::string& worker) {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::claims_of, Params{}.add(worker)));
  std::vector<Claim> claims;
  for (int row = 0; row < rows.size(); ++row) claims.push_back(read_terms(rows, row));
  return claims;
}

Expected<std::vector<TaskRepository::TakenOver>> Repository::take_expired(const std::string& worker,
                                                                          const LeaseId& lease_id,
                                                                          Duration lease, int limit,
                                                                          Time now) {
  const RecursiveLock lock{mutex_};
  const std::string take = inlined(sql::take_expired, ":limit", limit);
  Params params;
  params.add(lease_id).add(worker).add(now + lease).add(now);
  const std::array statements{
      Statement{.sql = take, .params = std::move(params)},
      Statement{.sql = sql::lease_claims, .params = Params{}.add(lease_id)}};
  const auto answers = ESTEIRA_TRY(connection_.transaction(Effect::writes, statements));
  std::vector<TakenOver> taken;
  for (int row = 0; row < answers[1].size(); ++row) {
    taken.push_back(read_lease_claim(answers[1], row, lease_id));
  }
  return taken;
}

}  // namespace esteira::postgres
