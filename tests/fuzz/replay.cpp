// Gives a target each file of the folders that are named, so that every build proves what fuzzing
// has found before. Ends with status 1 where there is no file.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "fuzz/target.hpp"

namespace {

void replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string input{std::istreambuf_iterator<char>(file), {}};
  // Named before it is tried: what ends the process leaves its name.
  std::printf("%s: %zu bytes\n", path.c_str(), input.size());
  std::fflush(stdout);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int count, char** folders) {
  std::set<std::filesystem::path> paths;
  for (int i = 1; i < count; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(folders[i])) {
      if (entry.is_regular_file()) paths.insert(entry.path());
    }
  }
  for (const auto& path : paths) replay(path);
  return paths.empty() ? 1 : 0;
}
