#include "processors/command_run/verdict.hpp"

#include <csignal>
#include <cstring>
#include <sys/wait.h>

#include <fmt/format.h>

#include "base/utf8.hpp"
#include "domain/limits.hpp"

namespace esteira::processors {
namespace {

constexpr int temporary_failure = 75;  // EX_TEMPFAIL of <sysexits.h>
constexpr std::string_view white_space = " \t\r\n";

// Control characters (also those above ASCII, which begin with 0xC2 in UTF-8) could move the cursor
// of the terminal that shows them: they are written out.
std::string readable(std::string_view line) {
  const auto clean = clean_text(line, limits::log_line_bytes_max);
  std::string text;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const auto byte = static_cast<unsigned char>(clean[i]);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7F) {
      text += fmt::format("\\x{:02x}", byte);
    } else if (byte == 0xC2 && static_cast<unsigned char>(clean[i + 1]) <= 0x9F) {
      text += fmt::format("\\u00{:02x}", static_cast<unsigned char>(clean[++i]));
    } else {
      text += clean[i];
    }
  }
  return clean_text(text, limits::log_line_bytes_max);
}

TaskResult read_result(const ChildEnd& end, std::string_view name) {
  if (end.out.find_first_not_of(white_space) == std::string::npos) {
    return TaskResult::completed(nullptr);
  }
  auto result = parse_json(
      end.out, {.bytes_max = limits::result_bytes_max, .depth_max = limits::json_depth_max});
  if (!result) {
    return TaskResult::failed(fmt::format("command {} succeeded, but its standard output is not a "
                                          "JSON document: {}",
                                          name, result.error().message),
                              RetryNever{});
  }
  // Numbers such as 1e16 grow when they are written out.
  if (to_text(*result).size() > limits::result_bytes_max) {
    return TaskResult::failed(
        fmt::format("command {} succeeded, but its result is larger than {} bytes", name,
                    limits::result_bytes_max),
        RetryNever{});
  }
  return TaskResult::completed(*std::move(result));
}

TaskResult judge_status(const ChildEnd& end, std::string_view name, const std::string& detail) {
  if (!end.status_known) {
    return TaskResult::failed(fmt::format("command {}: how it ended is not known", name));
  }
  if (WIFSIGNALED(end.status)) {
    const int number = WTERMSIG(end.status);
    const char* abbreviation = sigabbrev_np(number);
    return TaskResult::failed(fmt::format("command {} was killed by signal {}{}{}", name, number,
                                          abbreviation == nullptr ? "" : " SIG",
                                          abbreviation == nullptr ? "" : abbreviation) +
                              detail);
  }
  const int code = WEXITSTATUS(end.status);
  if (code == 0) return read_result(end, name);
  const auto message = fmt::format("command {} ended with status {}", name, code) + detail;
  if (code == temporary_failure) return TaskResult::failed(message);
  return TaskResult::failed(message, RetryNever{});
}

}  // namespace

std::vector<std::string> readable_lines(const ChildEnd& end) {
  std::vector<std::string> lines;
  std::string_view rest = end.err;
  while (!rest.empty()) {
    const auto length = std::min(rest.find('\n'), rest.size());
    auto line = rest.substr(0, length);
    rest.remove_prefix(std::min(length + 1, rest.size()));
    while (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const bool cut = lines.empty() && end.err_cut;
    lines.push_back((cut ? "\xE2\x80\xA6" : "") + readable(line));
  }
  return lines;
}

TaskResult judge_end(const ChildEnd& end, const CommandRules& rules, std::string_view last_line) {
  const auto detail = last_line.empty() ? std::string() : fmt::format(": {}", last_line);
  switch (end.reason) {
    case ChildEnd::Reason::stopped:
      throw TaskError("stopped");
    case ChildEnd::Reason::timed_out:
      return TaskResult::failed(fmt::format("command {} took longer than {}", rules.name,
                                            format_duration(rules.timeout)) +
                                detail);
    case ChildEnd::Reason::too_much_output:
      return TaskResult::failed(
          fmt::format("command {} wrote more than {} bytes to its standard output", rules.name,
                      rules.stdout_bytes_max),
          RetryNever{});
    case ChildEnd::Reason::by_itself:
      break;
  }
  return judge_status(end, rules.name, detail);
}

}  // namespace esteira::processors
