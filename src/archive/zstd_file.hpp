// A file that is compressed as it is written.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "esteira/error.hpp"

struct ZSTD_CCtx_s;

namespace esteira::archive {

// Removed again at its end unless it was renamed. Errors are `conflict`: it is the state of a disk
// or of a folder that does not allow it.
class ZstdFile {
 public:
  // Makes a new file.
  [[nodiscard]] static Expected<std::unique_ptr<ZstdFile>> create(std::string path);
  ~ZstdFile();
  ZstdFile(const ZstdFile&) = delete;
  ZstdFile& operator=(const ZstdFile&) = delete;

  [[nodiscard]] Expected<void> write(std::string_view text);
  // Ends the file, syncs it and gives it its name, in the same folder, which is synced too.
  [[nodiscard]] Expected<void> finish(const std::string& path);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  ZstdFile(std::string path, int file);
  [[nodiscard]] Expected<void> compress(std::string_view text, bool last);
  [[nodiscard]] Expected<void> write_out(std::string_view bytes);

  const std::string path_;
  int file_;
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
  std::string buffer_;
};

// What the last call of the system failed with.
[[nodiscard]] std::unexpected<Error> system_failure(std::string_view what, const std::string& path);
// The names in a folder of an operating system that may lose power.
[[nodiscard]] Expected<void> sync_folder(const std::string& folder);

}  // namespace esteira::archive
