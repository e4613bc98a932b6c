#include "archive/history.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <unistd.h>

#include <fmt/format.h>

#include "api/record_json.hpp"
#include "archive/zstd_file.hpp"
#include "base/assert.hpp"
#include "base/random.hpp"

namespace esteira {
namespace {

namespace files = std::filesystem;
using archive::ZstdFile;

constexpr std::string_view partial_end = ".partial";
// No program writes at one file for so long: what is older was left by one that was killed.
constexpr std::chrono::hours partial_kept{24};

std::string chance(SystemRandom& random) {
  return fmt::format("{:08x}", static_cast<std::uint32_t>(random.next()));
}

class HistoryFile final : public ArchiveFile {
 public:
  HistoryFile(std::string folder, std::string mark, std::unique_ptr<ZstdFile> file)
      : folder_(std::move(folder)), mark_(std::move(mark)), file_(std::move(file)) {}

  Expected<void> add(std::span<const TaskRecord> records) override {
    for (const auto& record : records) {
      first_ = std::min(first_, record.task.task_id);
      last_ = std::max(last_, record.task.task_id);
      ESTEIRA_TRY(file_->write(to_text(api::record_to_json(record)) + "\n"));
    }
    return {};
  }
  Expected<void> keep() override {
    return file_->finish(
        fmt::format("{}/tasks-{}-{}-{}.ndjson.zst", folder_, first_, last_, mark_));
  }

 private:
  const std::string folder_;
  const std::string mark_;
  const std::unique_ptr<ZstdFile> file_;
  TaskId first_ = std::numeric_limits<TaskId>::max();
  TaskId last_ = 0;
};

class History final : public TaskArchive {
 public:
  explicit History(std::string folder) : folder_(std::move(folder)) {}

  Expected<std::unique_ptr<ArchiveFile>> begin() override {
    if (!swept_) sweep();
    auto mark = chance(random_);
    auto file =
        ESTEIRA_TRY(ZstdFile::create(fmt::format("{}/.tasks-{}{}", folder_, mark, partial_end)));
    return std::make_unique<HistoryFile>(folder_, std::move(mark), std::move(file));
  }

 private:
  // What can't be removed disturbs nobody.
  void sweep() {
    swept_ = true;
    std::error_code error;
    const auto old = files::file_time_type::clock::now() - partial_kept;
    for (files::directory_iterator entry(folder_, error), end; !error && entry != end;
         entry.increment(error)) {
      const auto name = entry->path().filename().string();
      std::error_code ignored;
      const auto written = entry->last_write_time(ignored);
      const bool left = name.starts_with(".tasks-") && name.ends_with(partial_end);
      if (left && !ignored && written < old) files::remove(entry->path(), ignored);
    }
  }

  const std::string folder_;
  SystemRandom random_;
  bool swept_ = false;
};

}  // namespace

std::shared_ptr<TaskArchive> open_history(std::string folder) {
  return std::make_shared<History>(std::move(folder));
}

Expected<void> check_history(const std::string& folder) {
  if (!files::is_directory(folder)) {
    return fail(ErrorCode::conflict, fmt::format("{} is no folder: make it", folder));
  }
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return archive::system_failure("the export can't write into", folder);
  }
  return {};
}

}  // namespace esteira
