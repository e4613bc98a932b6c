#include "engines/sqlite/inspect.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/random.hpp"
#include "engines/sqlite/connection.hpp"

namespace esteira::sqlite {
namespace {

std::filesystem::path folder_of(std::string_view path) {
  if (path == ":memory:") return std::filesystem::current_path();
  const auto folder = std::filesystem::absolute(path).parent_path();
  return std::filesystem::weakly_canonical(folder);
}

// The type of the deepest mount above the folder: /proc/self/mounts has one a line.
std::string file_system_of(const std::filesystem::path& folder) {
  std::ifstream mounts("/proc/self/mounts");
  std::string best = "unknown";
  std::size_t longest = 0;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device, point, type;
    words >> device >> point >> type;
    const bool above = point == "/" || folder == point || folder.string().starts_with(point + "/");
    if (above && point.size() >= longest) {
      longest = point.size();
      best = type;
    }
  }
  return best;
}

std::string synchronous_name(std::string_view number) {
  constexpr std::array<std::string_view, 4> names{"off", "normal", "full", "extra"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (number == std::to_string(i)) return std::string(names[i]);
  }
  return std::string(number);
}

class ScratchFile final : public ScratchStore {
 public:
  explicit ScratchFile(std::string path) : path_(std::move(path)), url_("sqlite:" + path_) {}
  ~ScratchFile() override {
    for (const auto* suffix : {"", "-wal", "-shm"}) {
      std::error_code ignored;
      std::filesystem::remove(path_ + suffix, ignored);
    }
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  const std::string& url() const override { return url_; }

 private:
  std::string path_;
  std::string url_;
};

}  // namespace

Expected<std::vector<EngineFact>> facts(std::string_view path) {
  const auto connection = ESTEIRA_TRY(Connection::open(std::string(path)));
  const auto pragma = [&](std::string_view sql) -> Expected<std::string> {
    auto query = ESTEIRA_TRY(connection->query(sql));
    static_cast<void>(ESTEIRA_TRY(query.step()));
    return query.text(0);
  };
  const auto synchronous = ESTEIRA_TRY(pragma("PRAGMA synchronous"));
  return std::vector<EngineFact>{
      {"sqlite_version", sqlite3_libversion()},
      {"synchronous", synchronous_name(synchronous)},
      {"journal_mode", ESTEIRA_TRY(pragma("PRAGMA journal_mode"))},
      {"page_size", ESTEIRA_TRY(pragma("PRAGMA page_size"))},
      {"file_system", file_system_of(folder_of(path))},
  };
}

Expected<std::unique_ptr<ScratchStore>> make_scratch(std::string_view path) {
  const auto folder = folder_of(path);
  const auto name = fmt::format(".esteira-bench-{:016x}.db", SystemRandom().next());
  return std::make_unique<ScratchFile>((folder / name).string());
}

}  // namespace esteira::sqlite
