#include "telemetry/log.hpp"

#include <unistd.h>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/utf8.hpp"
#include "esteira/json.hpp"

namespace esteira {
namespace {

constexpr std::size_t field_bytes_max = 2048;

struct Log {
  std::shared_ptr<spdlog::logger> logger;
  bool json = false;
};

// Set once by start_log before any other thread starts, then only read.
Log& the_log() {
  static Log log;
  return log;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string now_text() {
  return format_time(
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
}

std::string json_line(LogLevel level, std::string_view message, LogFields fields) {
  JsonObject line{{"at", now_text()},
                  {"level", to_text(level)},
                  {"message", clean_text(message, field_bytes_max)}};
  for (const auto& [name, value] : fields) {
    if (!value.empty()) line[name] = clean_text(value, field_bytes_max);
  }
  return to_text(Json(std::move(line)));
}

// Escapes what could forge a second line or move a terminal's cursor.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : clean_text(text, field_bytes_max)) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
}

std::string text_line(LogLevel level, std::string_view message, LogFields fields) {
  auto line = fmt::format("{} {:<7} ", now_text(), to_text(level));
  append_escaped(line, message);
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    line += fmt::format(" {}=", name);
    append_escaped(line, value);
  }
  return line;
}

LogLevel event_level(EventKind kind) {
  switch (kind) {
    case EventKind::completed:
    case EventKind::snoozed:
      return LogLevel::debug;
    case EventKind::cancelled:
    case EventKind::interrupted:
    case EventKind::store_back:
      return LogLevel::info;
    case EventKind::retried:
    case EventKind::expired:
    case EventKind::stale:
    case EventKind::lease_lost:
      return LogLevel::warning;
    case EventKind::failed:
    case EventKind::stuck:
    case EventKind::store_away:
      return LogLevel::error;
  }
  return LogLevel::info;
}

class LogEventSink final : public EventSink {
 public:
  void emit(const Event& event) override {
    const auto level = event_level(event.kind);
    const auto& logger = the_log().logger;
    if (!logger || !logger->should_log(to_spdlog(level))) return;
    const bool about_task = event.task_id != 0;
    log(level, to_text(event.kind),
        {{"task_id", about_task ? std::to_string(event.task_id) : ""},
         {"attempt", about_task ? std::to_string(event.attempt) : ""},
         {"type", event.type},
         {"worker", event.worker},
         {"ran", about_task ? format_duration(event.ran) : ""},
         {"next_at", event.next_at ? format_time(*event.next_at) : ""},
         {"error", event.message}});
  }
};

}  // namespace

void start_log(const LogOptions& options) {
  auto logger = std::make_shared<spdlog::logger>("esteira",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%v");
  logger->set_level(to_spdlog(options.level));
  const bool terminal = isatty(STDERR_FILENO) == 1;
  the_log() = {std::move(logger), options.format == LogFormat::json ||
                                      (options.format == LogFormat::automatic && !terminal)};
}

void flush_log() {
  if (the_log().logger) the_log().logger->flush();
}

void log(LogLevel level, std::string_view message, LogFields fields) {
  const auto& [logger, json] = the_log();
  if (!logger || !logger->should_log(to_spdlog(level))) return;
  const auto line = json ? json_line(level, message, fields) : text_line(level, message, fields);
  logger->log(to_spdlog(level), spdlog::string_view_t(line));
}

std::shared_ptr<EventSink> log_event_sink() { return std::make_shared<LogEventSink>(); }

}  // namespace esteira
