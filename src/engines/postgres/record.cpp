#include "engines/postgres/record.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/assert.hpp"
#include "engines/postgres/change.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

std::optional<TaskRecord::Mark> read_mark(const Rows& rows, int row, int column) {
  if (rows.null(row, column)) return std::nullopt;
  return TaskRecord::Mark{rows.small(row, column), rows.time(row, column + 1)};
}

// Some tasks, by id, and what belongs to each.
class RecordReader {
 public:
  RecordReader(Runner& runner, std::span<const TaskId> ids) : runner_(runner) {
    ids_.array<std::int64_t>(ids);
  }

  Expected<std::vector<TaskRecord>> read(std::span<const TaskId> ids) {
    for (Task& task : ESTEIRA_TRY(read_tasks(runner_, ids))) {
      const TaskId task_id = task.task_id;
      records_[task_id].task = std::move(task);
    }
    ESTEIRA_TRY(add_executions());
    ESTEIRA_TRY(add_log_lines());
    ESTEIRA_TRY(add_numbers());
    ESTEIRA_TRY(add_marks());
    std::vector<TaskRecord> all;
    for (const TaskId task_id : ids) {
      const auto found = records_.find(task_id);
      if (found == records_.end()) {
        return fail(ErrorCode::internal, "a task vanished while it was archived");
      }
      all.push_back(std::move(found->second));
    }
    return all;
  }

 private:
  Expected<void> add_executions() {
    const Rows rows = ESTEIRA_TRY(runner_.run(sql::record_executions, ids_));
    for (int row = 0; row < rows.size(); ++row) {
      const TaskId task_id = rows.integer(row, 7);
      records_[task_id].executions.push_back(ESTEIRA_TRY(read_execution(rows, row, task_id)));
    }
    return {};
  }
  Expected<void> add_log_lines() {
    const Rows rows = ESTEIRA_TRY(runner_.run(sql::record_log_lines, ids_));
    for (int row = 0; row < rows.size(); ++row) {
      records_[rows.integer(row, 5)].log.push_back(read_log_line(rows, row));
    }
    return {};
  }
  Expected<void> add_numbers() {
    const Rows rows = ESTEIRA_TRY(runner_.run(sql::record_numbers, ids_));
    for (int row = 0; row < rows.size(); ++row) {
      records_[rows.integer(row, 2)].numbers.push_back(
          {.counter = std::string{rows.text(row, 0)}, .number = rows.integer(row, 1)});
    }
    return {};
  }
  Expected<void> add_marks() {
    const Rows rows = ESTEIRA_TRY(runner_.run(sql::record_marks, ids_));
    for (int row = 0; row < rows.size(); ++row) {
      TaskRecord& record = records_[rows.integer(row, 4)];
      record.edited = read_mark(rows, row, 0);
      record.reopened = read_mark(rows, row, 2);
    }
    return {};
  }

  Runner& runner_;
  Params ids_;
  std::unordered_map<TaskId, TaskRecord> records_;
};

}  // namespace

Expected<std::unique_ptr<ArchiveFile>> write_records(Runner& runner, TaskArchive& archive,
                                                     std::span<const TaskId> ids) {
  auto file = ESTEIRA_TRY(archive.begin());
  while (!ids.empty()) {
    const auto chunk = ids.first(std::min(ids.size(), archive_chunk));
    RecordReader reader{runner, chunk};
    const auto records = ESTEIRA_TRY(reader.read(chunk));
    ESTEIRA_TRY(file->add(records));
    ids = ids.subspan(chunk.size());
  }
  return file;
}

}  // namespace esteira::postgres
