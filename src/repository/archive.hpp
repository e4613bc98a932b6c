// Where tasks go before the retention deletes them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "repository/repository.hpp"

namespace esteira {

// All that is kept of a task that has ended.
struct TaskRecord {
  Task task{};
  std::vector<Execution> executions{};  // oldest first
  std::vector<LogLine> log{};           // by attempt and line
  // The numbers that it holds, by their counters.
  struct Number {
    std::string counter;
    std::int64_t number = 0;
  };
  std::vector<Number> numbers{};
  // The last edit, and a person's last retry: attempts up to that one came before.
  struct Mark {
    int after_attempt = 0;
    Time at{};
  };
  std::optional<Mark> edited{};
  std::optional<Mark> reopened{};
};

// One file of an archive, being written. Destroyed before it was kept, it leaves nothing.
class ArchiveFile {
 public:
  virtual ~ArchiveFile() = default;
  [[nodiscard]] virtual Expected<void> add(std::span<const TaskRecord> records) = 0;
  // From then on the file is there, whole, whatever fails. Once, after the last `add`.
  [[nodiscard]] virtual Expected<void> keep() = 0;
};

// May be used by one thread at a time.
class TaskArchive {
 public:
  virtual ~TaskArchive() = default;
  [[nodiscard]] virtual Expected<std::unique_ptr<ArchiveFile>> begin() = 0;
};

// An engine reads and hands on so many tasks at a time.
inline constexpr std::size_t archive_chunk = 50;

}  // namespace esteira
