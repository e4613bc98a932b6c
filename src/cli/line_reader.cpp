#include "cli/line_reader.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "domain/limits.hpp"

namespace esteira::cli {
namespace {

constexpr std::size_t chunk_bytes = 256 * 1024;
// A payload at its limit may be twice as long as text, with escapes and white space.
constexpr std::size_t line_bytes_max = 2 * limits::payload_bytes_max + 64 * 1024;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::unexpected<Error> failure(std::string_view what, std::string_view name) {
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} {} failed: {}", what, name, std::strerror(errno)));
}

std::int64_t size_of(std::FILE* file) {
  struct stat info{};
  return fstat(fileno(file), &info) == 0 ? info.st_size : 0;
}

bool is_regular(std::FILE* file) {
  struct stat info{};
  return fstat(fileno(file), &info) == 0 && S_ISREG(info.st_mode);
}

// In TMPDIR, where there is room for large files; it vanishes with its last descriptor.
std::FILE* open_unnamed() {
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  const int descriptor =
      error ? -1 : ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
  return descriptor < 0 ? std::tmpfile() : fdopen(descriptor, "w+b");
}

}  // namespace

Expected<LineReader> LineReader::open(const std::string& path) {
  const bool standard_input = path == "-";
  const std::string name = standard_input ? "standard input" : path;
  File file(standard_input ? nullptr : std::fopen(path.c_str(), "rbe"));
  if (!standard_input && !file) return failure("opening", name);
  if (std::filesystem::is_directory(path)) {
    return fail(ErrorCode::invalid_argument, path + " is a directory");
  }
  auto* source = standard_input ? stdin : file.get();
  if (standard_input || !is_regular(source)) file = ESTEIRA_TRY(spool(source, name));
  const auto bytes = size_of(file.get());
  return LineReader(std::move(file), name, bytes);
}

Expected<LineReader::File> LineReader::spool(std::FILE* source, const std::string& name) {
  File copy(open_unnamed());
  if (!copy) return failure("keeping a copy of", name);
  std::string chunk(chunk_bytes, '\0');
  while (std::feof(source) == 0 && std::ferror(source) == 0) {
    const auto count = std::fread(chunk.data(), 1, chunk.size(), source);
    if (std::fwrite(chunk.data(), 1, count, copy.get()) != count) {
      return failure("keeping a copy of", name);
    }
  }
  if (std::ferror(source) != 0) return failure("reading", name);
  if (std::fflush(copy.get()) != 0 || std::fseek(copy.get(), 0, SEEK_SET) != 0) {
    return failure("keeping a copy of", name);
  }
  return copy;
}

Expected<void> LineReader::rewind() {
  if (std::fseek(file_.get(), 0, SEEK_SET) != 0) return failure("reading", name_);
  bytes_read_ = 0;
  lines_ = 0;
  buffer_.clear();
  used_ = 0;
  return {};
}

bool LineReader::fill() {
  buffer_.resize(chunk_bytes);
  buffer_.resize(std::fread(buffer_.data(), 1, buffer_.size(), file_.get()));
  used_ = 0;
  return !buffer_.empty();
}

// False at the end of the file.
bool LineReader::read_line(Line& line) {
  line = {.number = lines_ + 1};
  bool any = false;
  while (used_ < buffer_.size() || fill()) {
    any = true;
    const auto end = buffer_.find('\n', used_);
    const bool whole = end != std::string::npos;
    const auto part = std::string_view(buffer_).substr(used_, whole ? end - used_ : end);
    line.too_long = line.too_long || line.text.size() + part.size() > line_bytes_max;
    if (!line.too_long) line.text += part;
    const auto taken = part.size() + (whole ? 1 : 0);
    used_ += taken;
    bytes_read_ += static_cast<std::int64_t>(taken);
    if (whole) break;
  }
  if (any) ++lines_;
  return any;
}

Expected<std::optional<Line>> LineReader::next() {
  Line line;
  while (read_line(line)) {
    if (line.number == 1 && line.text.starts_with(byte_order_mark)) {
      line.text.erase(0, byte_order_mark.size());
    }
    const bool blank = line.text.find_first_not_of(" \t\r") == std::string::npos;
    if (!blank || line.too_long) return line;
  }
  if (std::ferror(file_.get()) != 0) return failure("reading", name_);
  return std::optional<Line>();
}

}  // namespace esteira::cli
