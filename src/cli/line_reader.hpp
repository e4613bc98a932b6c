// The lines of a file that is read twice: first to check it, then to import it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "esteira/error.hpp"

namespace esteira::cli {

struct Line {
  std::int64_t number = 0;  // from 1
  std::string text;         // without its end
  bool too_long = false;    // cut: the rest was skipped
};

class LineReader {
 public:
  // "-" is standard input. What can't be read twice is kept in a temporary file without a name.
  [[nodiscard]] static Expected<LineReader> open(const std::string& path);

  // The next line that holds more than white space; none at the end.
  [[nodiscard]] Expected<std::optional<Line>> next();
  // To the first line again.
  [[nodiscard]] Expected<void> rewind();
  [[nodiscard]] std::int64_t bytes_read() const { return bytes_read_; }
  [[nodiscard]] std::int64_t bytes_total() const { return bytes_total_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, Close>;

  LineReader(File file, std::string name, std::int64_t bytes_total)
      : file_(std::move(file)), name_(std::move(name)), bytes_total_(bytes_total) {}
  static Expected<File> spool(std::FILE* source, const std::string& name);
  [[nodiscard]] bool fill();
  [[nodiscard]] bool read_line(Line& line);

  File file_;
  std::string name_;
  std::int64_t bytes_total_ = 0;
  std::int64_t bytes_read_ = 0;
  std::int64_t lines_ = 0;
  std::string buffer_;
  std::size_t used_ = 0;
};

}  // namespace esteira::cli
