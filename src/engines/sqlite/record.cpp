#include "engines/sqlite/record.hpp"

#include <algorithm>

#include "engines/sqlite/operations.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

std::optional<TaskRecord::Mark> read_mark(const Query& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return TaskRecord::Mark{row.small(column), row.time(column + 1)};
}

Expected<TaskRecord> read_record(Connection& connection, TaskId task_id) {
  TaskRecord record;
  auto found = ESTEIRA_TRY(task(connection, task_id));
  if (!found) return fail(ErrorCode::internal, "a task vanished while it was archived");
  record.task = *std::move(found);
  record.executions = ESTEIRA_TRY(executions(connection, task_id));
  record.log = ESTEIRA_TRY(log_lines(connection, task_id));
  auto numbers = ESTEIRA_TRY(connection.query(sql::record_numbers));
  numbers.bind(task_id);
  while (ESTEIRA_TRY(numbers.step())) {
    record.numbers.push_back({.counter = numbers.text(0), .number = numbers.integer(1)});
  }
  auto marks = ESTEIRA_TRY(connection.query(sql::record_marks));
  marks.bind(task_id);
  if (ESTEIRA_TRY(marks.step())) {
    record.edited = read_mark(marks, 0);
    record.reopened = read_mark(marks, 2);
  }
  return record;
}

}  // namespace

Expected<std::unique_ptr<ArchiveFile>> write_records(Connection& connection, TaskArchive& archive,
                                                     std::span<const TaskId> ids) {
  auto file = ESTEIRA_TRY(archive.begin());
  while (!ids.empty()) {
    const auto chunk = ids.first(std::min(ids.size(), archive_chunk));
    std::vector<TaskRecord> records;
    for (const auto task_id : chunk) {
      records.push_back(ESTEIRA_TRY(read_record(connection, task_id)));
    }
    ESTEIRA_TRY(file->add(records));
    ids = ids.subspan(chunk.size());
  }
  return file;
}

}  // namespace esteira::sqlite
