#include "engines/sqlite/file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

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

Expected<void> check_file_system(const std::string& path, const std::filesystem::path& folder) {
  struct statfs system{};
  if (statfs(folder.c_str(), &system) != 0) return {};  // opening says what is wrong
  const auto magic = static_cast<std::uint32_t>(system.f_type);
  std::string fuse;
  struct stat status{};
  if (is_fuse(magic) && stat(folder.c_str(), &status) == 0) {
    std::ifstream mounts("/proc/self/mountinfo");
    fuse = fuse_name(mounts, status.st_dev);
  }
  const auto name = network_file_system(magic, fuse);
  if (name.empty()) return {};
  return fail(
      ErrorCode::unsupported,
      fmt::format("opening '{}': it is on a network file system ({}), where SQLite can't be "
                  "shared safely; use a local disk or PostgreSQL",
                  path, name));
}

// SQLite's own words for these name no file. Somebody may grant the rights meanwhile: the same call
// may succeed later.
Expected<void> check_rights(const std::string& path, const std::string& what, int mode,
                            std::string_view must) {
  if (faccessat(AT_FDCWD, what.c_str(), mode, AT_EACCESS) == 0) return {};
  if (errno == ENOENT) return {};  // the file is made when it is opened
  const int reason = errno;
  return fail(ErrorCode::unavailable,
              fmt::format("opening '{}': this user must be able to {} '{}' ({}); mend its rights "
                          "(chmod, chown), or name another file",
                          path, must, what, std::strerror(reason)));
}

}  // namespace

bool is_fuse(std::uint32_t magic) { return magic == fuse_magic; }

std::string_view network_file_system(std::uint32_t magic, std::string_view fuse) {
  const auto* known = std::ranges::find(network_file_systems, magic, &NetworkFileSystem::magic);
  if (known != network_file_systems.end()) return known->name;
  const auto* program = std::ranges::find(network_fuse, fuse);
  return is_fuse(magic) && program != network_fuse.end() ? *program : std::string_view{};
}

std::string fuse_name(std::istream& mounts, dev_t device) {
  const auto wanted = fmt::format("{}:{}", major(device), minor(device));
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
  const bool is_folder = std::filesystem::is_directory(folder, error);
  if (error == std::errc::permission_denied) {
    return check_rights(path, folder.string(), F_OK, "reach the folder");
  }
  if (!is_folder) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("opening '{}': there is no directory '{}'", path, folder.string()));
  }
  // The write-ahead log stands beside the file.
  ESTEIRA_TRY(check_rights(path, folder.string(), W_OK | X_OK, "write and enter the folder"));
  ESTEIRA_TRY(check_rights(path, path, R_OK | W_OK, "read and write the file"));
  return check_file_system(path, folder);
}

}  // namespace esteira::sqlite
