#include "archive/zstd_file.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <unistd.h>
#include <zstd.h>

#include <fmt/format.h>

#include "base/assert.hpp"

namespace esteira::archive {
namespace {

// Fast, and within a few per cent of what more work would save.
constexpr int level = 3;
// Whoever may read the group's files may carry them away; others may not.
constexpr mode_t file_mode = 0640;

class Folder {
 public:
  explicit Folder(const std::string& path)
      : file_(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  ~Folder() {
    if (file_ >= 0) close(file_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] bool sync() const { return file_ >= 0 && fsync(file_) == 0; }

 private:
  const int file_;
};

}  // namespace

std::unexpected<Error> system_failure(std::string_view what, const std::string& path) {
  const auto reason = std::generic_category().message(errno);
  return fail(ErrorCode::conflict, fmt::format("{} {}: {}", what, path, reason));
}

Expected<void> sync_folder(const std::string& folder) {
  if (!Folder(folder).sync()) return system_failure("syncing the folder", folder);
  return {};
}

void ZstdFile::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

ZstdFile::ZstdFile(std::string path, int file)
    : path_(std::move(path)), file_(file), context_(ZSTD_createCCtx()) {
  buffer_.resize(ZSTD_CStreamOutSize());
}

Expected<std::unique_ptr<ZstdFile>> ZstdFile::create(std::string path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file_mode);
  if (file < 0) return system_failure("making the file", path);
  std::unique_ptr<ZstdFile> made(new ZstdFile(std::move(path), file));
  auto* context = made->context_.get();
  if (context == nullptr) return fail(ErrorCode::conflict, "out of memory for zstd");
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  return made;
}

ZstdFile::~ZstdFile() {
  if (file_ < 0) return;
  close(file_);
  unlink(path_.c_str());
}

Expected<void> ZstdFile::write(std::string_view text) { return compress(text, /*last=*/false); }

Expected<void> ZstdFile::compress(std::string_view text, bool last) {
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  const auto mode = last ? ZSTD_e_end : ZSTD_e_continue;
  while (true) {
    ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
    const auto left = ZSTD_compressStream2(context_.get(), &out, &in, mode);
    if (ZSTD_isError(left) != 0) {
      return fail(ErrorCode::conflict,
                  fmt::format("compressing {}: {}", path_, ZSTD_getErrorName(left)));
    }
    ESTEIRA_TRY(write_out({buffer_.data(), out.pos}));
    if (last ? left == 0 : in.pos == in.size) return {};
  }
}

Expected<void> ZstdFile::write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_failure("writing", path_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Expected<void> ZstdFile::finish(const std::string& path) {
  ESTEIRA_TRY(compress({}, /*last=*/true));
  if (fsync(file_) != 0) return system_failure("syncing", path_);
  if (std::rename(path_.c_str(), path.c_str()) != 0) return system_failure("naming", path);
  close(file_);
  file_ = -1;
  return sync_folder(std::filesystem::path(path).parent_path().string());
}

}  // namespace esteira::archive
