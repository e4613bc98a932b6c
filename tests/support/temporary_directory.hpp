// A directory of the test's own that goes with the object.
#pragma once

#include <filesystem>
#include <string>

namespace esteira::test {

// Where what a test writes lies: TMPDIR where it is set, else memory where there is plenty (a
// database is made twenty times as fast there), else the system's folder.
[[nodiscard]] std::filesystem::path scratch_directory();

class TemporaryDirectory {
 public:
  // Throws where none can be made.
  explicit TemporaryDirectory(const std::string& prefix = "esteira-test",
                              const std::filesystem::path& parent = scratch_directory());
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace esteira::test
