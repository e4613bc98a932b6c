// A directory of the test's own that goes with the object.
#pragma once

#include <filesystem>
#include <string>

namespace esteira::test {

class TemporaryDirectory {
 public:
  // Throws where none can be made.
  explicit TemporaryDirectory(const std::string& prefix = "esteira-test");
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace esteira::test
