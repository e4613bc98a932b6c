#include "engines/sqlite/lease.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

// Writes one note whose fence is live; answers the number of a NumberNote, else 0.
class NoteWriter {
 public:
  explicit NoteWriter(Connection& connection) : connection_(connection) {}

  Expected<std::int64_t> operator()(const ProgressNote& note) const {
    ESTEIRA_TRY(connection_.run(sql::progress_put, note.fence.task_id, note.fence.attempt,
                                note.fraction, note.text));
    return 0;
  }
  Expected<std::int64_t> operator()(const LogNote& note) const {
    ESTEIRA_TRY(connection_.run(sql::log_insert, note.fence.task_id, note.fence.attempt, note.line,
                                note.at, static_cast<int>(note.level), note.text));
    return 0;
  }
  Expected<std::int64_t> operator()(const CheckpointNote& note) const {
    ESTEIRA_TRY(connection_.run(sql::checkpoint_put, note.fence.task_id, note.state));
    return 0;
  }
  Expected<std::int64_t> operator()(const NumberNote& note) const {
    {
      auto held = ESTEIRA_TRY(connection_.query(sql::number_find));
      held.bind(note.fence.task_id, note.counter);
      if (ESTEIRA_TRY(held.step())) return held.integer(0);
    }
    const auto number = ESTEIRA_TRY(next_number(note.counter));
    ESTEIRA_TRY(connection_.run(sql::number_insert, note.fence.task_id, note.counter, number));
    return number;
  }

 private:
  [[nodiscard]] Expected<std::int64_t> next_number(const std::string& counter) const {
    auto query = ESTEIRA_TRY(connection_.query(sql::number_next));
    query.bind(counter);
    if (!ESTEIRA_TRY(query.step())) return fail(ErrorCode::internal, "a counter gave no number");
    const auto number = query.integer(0);
    static_cast<void>(ESTEIRA_TRY(query.step()));
    return number;
  }

  Connection& connection_;
};

}  // namespace

Expected<NoteAnswer> take_note(Connection& connection, LeaseBook& leases, const Note& note) {
  const auto& fence = std::visit([](const auto& any) -> const Fence& { return any.fence; }, note);
  if (!ESTEIRA_TRY(leases.find_live(fence))) return NoteAnswer{};
  const auto number = ESTEIRA_TRY(std::visit(NoteWriter(connection), note));
  return NoteAnswer{.applied = true, .number = number};
}

}  // namespace esteira::sqlite
