#include "cli/input.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "domain/limits.hpp"

namespace esteira::cli {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Expected<std::string> read_stream(std::FILE* file, std::string_view name, std::size_t bytes_max) {
  std::string text;
  char buffer[16 * 1024];
  while (std::feof(file) == 0 && std::ferror(file) == 0) {
    const auto count = std::fread(buffer, 1, sizeof buffer, file);
    text.append(buffer, count);
    if (text.size() > bytes_max) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("{} holds more than {} bytes", name, bytes_max));
    }
  }
  if (std::ferror(file) == 0) return text;
  return fail(ErrorCode::invalid_argument,
              fmt::format("reading {} failed: {}", name, std::strerror(errno)));
}

}  // namespace

Expected<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rbe"));
  if (file) return read_stream(file.get(), path, bytes_max);
  return fail(ErrorCode::invalid_argument,
              fmt::format("opening {} failed: {}", path, std::strerror(errno)));
}

Expected<std::string> read_argument(const std::string& argument, std::size_t bytes_max) {
  if (argument == "-") return read_stream(stdin, "standard input", bytes_max);
  if (argument.starts_with('@')) return read_file(argument.substr(1), bytes_max);
  return argument;
}

Expected<Json> read_payload(const std::string& argument) {
  // White space around the document is not part of the payload.
  constexpr auto text_bytes_max = 2 * limits::payload_bytes_max;
  const auto text = ESTEIRA_TRY(read_argument(argument, text_bytes_max));
  auto payload = parse_json(text, {.bytes_max = text_bytes_max});
  if (payload) return payload;
  auto error = std::move(payload).error();
  error.message.insert(0, "--payload: ");
  error.fields.clear();
  return std::unexpected(std::move(error));
}

Expected<std::variant<Time, Duration>> parse_schedule(std::string_view text) {
  if (text.starts_with('+')) {
    const auto delay = parse_duration(text.substr(1));
    if (delay) return *delay;
  } else if (const auto time = try_parse_time(text)) {
    return *time;
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("--scheduled-for: expected a time such as 2024-12-25T00:00:00Z, or a "
                          "delay such as +30s, +5m, +2h or +1d, got '{}'",
                          text));
}

}  // namespace esteira::cli
