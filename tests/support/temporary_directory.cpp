#include "support/temporary_directory.hpp"

#include <cerrno>
#include <stdlib.h>
#include <system_error>

namespace esteira::test {
namespace {

constexpr const char* memory_directory = "/dev/shm";
// What a whole run of the tests may need at once, with room to spare.
constexpr std::uintmax_t memory_bytes_min = 4ULL << 30U;

}  // namespace

std::filesystem::path scratch_directory() {
  if (getenv("TMPDIR") == nullptr) {
    std::error_code none;
    const std::filesystem::space_info space = std::filesystem::space(memory_directory, none);
    if (!none && space.available >= memory_bytes_min) return memory_directory;
  }
  return std::filesystem::temp_directory_path();
}

TemporaryDirectory::TemporaryDirectory(const std::string& prefix,
                                       const std::filesystem::path& parent) {
  std::string name = (parent / (prefix + "-XXXXXX")).string();
  if (mkdtemp(name.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "making a directory like " + name);
  }
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace esteira::test
