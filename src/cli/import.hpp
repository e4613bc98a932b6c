// Bringing a file of tasks into a database, or through a server, in bulk.
//
// The whole file is checked before the first task is written, so that a bad line keeps nothing. Up
// to limits::batch_tasks_max tasks go in one transaction; a larger file takes several, and a
// failure between them is told with the line to go on from.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/backend.hpp"
#include "cli/line_reader.hpp"

namespace esteira::cli {

struct ImportOptions {
  bool skip_bad = false;
  std::int64_t from_line = 1;
};

struct BadLine {
  std::int64_t line = 0;
  std::string message;
};

struct ImportReport {
  std::int64_t imported = 0;
  std::int64_t skipped = 0;  // bad lines that were left out
  std::vector<BadLine> bad;  // the first `bad_lines_max` of them
  std::int64_t bad_total = 0;
  std::optional<Error> error;             // what ended the import early
  std::optional<std::int64_t> next_line;  // where to go on after it, if something was kept
};

inline constexpr std::size_t bad_lines_max = 1000;

class Import {
 public:
  // `stopped` is asked between lines and batches.
  Import(Backend& backend, LineReader reader, ImportOptions options, std::function<bool()> stopped);
  [[nodiscard]] ImportReport run();

 private:
  struct Row {
    std::int64_t line = 0;
    CheckedTask task;
  };
  // Sees each good row; false ends the walk.
  using Visit = std::function<bool(Row)>;
  // Tasks and the lines that they come from, side by side.
  struct Batch {
    std::vector<std::int64_t> lines;
    std::vector<CheckedTask> tasks;
    std::size_t bytes = 0;
  };
  struct Part {
    std::span<const std::int64_t> lines;
    std::span<const CheckedTask> tasks;
  };

  [[nodiscard]] bool walk(const std::string& what, const Visit& visit, bool report_bad);
  [[nodiscard]] Expected<CheckedTask> read_task(const Line& line);
  [[nodiscard]] Expected<void> check_unique(const CheckedTask& task, std::int64_t line);
  [[nodiscard]] bool check_all();
  void import_all();
  [[nodiscard]] bool insert_batch();
  [[nodiscard]] bool insert_part(Part part);
  [[nodiscard]] Expected<void> insert(std::span<const CheckedTask> tasks);
  [[nodiscard]] std::optional<std::int64_t> line_of(const Error& error, Part part);
  [[nodiscard]] std::optional<std::int64_t> line_of_key(TaskId holder, Part part);
  void add_bad(std::int64_t line, std::string message);
  // Ends the import; the task of `line` is the first that is not in the database.
  void give_up(Error error, std::int64_t line);
  // The same, before the batch that is being gathered, which `line` would join.
  void give_up_batch(Error error, std::int64_t line);
  void keep(Row row);

  Backend& backend_;
  LineReader reader_;
  const ImportOptions options_;
  const std::function<bool()> stopped_;
  ImportReport report_;
  // The batch to come. After the check it holds the whole file, if that is one batch.
  Batch batch_;
  bool one_batch_ = true;
  // The line that first used a unique key of a type.
  std::map<std::pair<TypeId, std::string>, std::int64_t> unique_lines_;
};

}  // namespace esteira::cli
