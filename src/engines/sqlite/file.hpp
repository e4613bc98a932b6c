// What may be a database file.
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "esteira/error.hpp"

namespace esteira::sqlite {

// Refuses what SQLite would take and should not (an empty path, a directory, a network file
// system), and what this user may not use, with words.
[[nodiscard]] Expected<void> check_database_path(const std::string& path);

// The name of the network file system with this number (`f_type` of statfs), "" for a local one;
// `fuse` is the name of the program behind a FUSE mount.
[[nodiscard]] std::string_view network_file_system(std::uint32_t magic, std::string_view fuse);
[[nodiscard]] bool is_fuse(std::uint32_t magic);
// That program's name, for the mount of `device`; `mounts` is /proc/self/mountinfo.
[[nodiscard]] std::string fuse_name(std::istream& mounts, dev_t device);

}  // namespace esteira::sqlite
