#include "engines/sqlite/file.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <fmt/format.h>

#include "base/assert.hpp"

namespace esteira::sqlite {
namespace {

struct NetworkFileSystem {
  std::uint32_t magic;
  std::string_view name;
};
// statfs(2). The write-ahead log needs shared memory between all that use the file, which two
// hosts do not have.
constexpr std::array<NetworkFileSystem, 10> network_file_systems{{{0x6969, "NFS"},
                                                                  {0x517B, "SMB"},
                                                                  {0xFF534D42, "CIFS"},
                                                                  {0xFE534D42, "SMB2"},
                                                                  {0x5346414F, "AFS"},
                                                                  {0x73757245, "Coda"},
                                                                  {0x00C36400, "Ceph"},
                                                                  {0x0BD00BD0, "Lustre"},
                                                                  {0x7461636F, "OCFS2"},
                                                                  {0x01021997, "9P"}}};
constexpr std::uint32_t fuse_magic = 0x65735546;
constexpr std::array<std::string_view, 8> network_fuse{
    "sshfs", "glusterfs", "s3fs", "rclone", "davfs", "ceph-fuse", "juicefs", "curlftpfs"};

// The name after "fuse." of the mount that holds `device`, from /proc/self/mountinfo.
std::string fuse_name(dev_t device) {
  const auto wanted = fmt::format("{}:{}", major(device), minor(device));
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string id, parent, device_numbers, word;
    words >> id >> parent >> device_numbers;
    if (device_numbers != wanted) continue;
    while (words >> word && word != "-") continue;
    words >> word;
    if (word.starts_with("fuse.")) return word.substr(5);
  }
  return "";
}

Expected<void> check_file_system(const std::string& path, const std::filesystem::path& folder) {
  struct statfs system{};
  if (statfs(folder.c_str(), &system) != 0) return {};  // opening says what is wrong
  const auto magic = static_cast<std::uint32_t>(system.f_type);
  std::string name;
  const auto* known = std::ranges::find(network_file_systems, magic, &NetworkFileSystem::magic);
  if (known != network_file_systems.end()) name = known->name;
  struct stat status{};
  if (magic == fuse_magic && stat(folder.c_str(), &status) == 0) {
    const auto fuse = fuse_name(status.st_dev);
    if (std::ranges::find(network_fuse, fuse) != network_fuse.end()) name = fuse;
  }
  if (name.empty()) return {};
  return fail(
      ErrorCode::unsupported,
      fmt::format("opening '{}': it is on a network file system ({}), where SQLite can't be "
                  "shared safely; use a local disk or PostgreSQL",
                  path, name));
}

}  // namespace

Expected<void> check_database_path(const std::string& path) {
  if (path == ":memory:") return {};
  if (path.empty() || path.find('\0') != std::string::npos) {
    return fail(ErrorCode::invalid_argument, "a SQLite address names a file: sqlite:PATH");
  }
  std::error_code error;
  const std::filesystem::path file(path);
  if (std::filesystem::is_directory(file, error)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("opening '{}': it is a directory, not a database file", path));
  }
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  if (!std::filesystem::is_directory(folder, error)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("opening '{}': there is no directory '{}'", path, folder.string()));
  }
  return check_file_system(path, folder);
}

}  // namespace esteira::sqlite
