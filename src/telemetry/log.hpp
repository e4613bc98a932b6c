// The program's own log: one line an event, to standard error. (The one place that knows spdlog.)
#pragma once

#include <initializer_list>
#include <memory>
#include <string_view>
#include <utility>

#include "esteira/processor.hpp"
#include "telemetry/event.hpp"

namespace esteira {

enum class LogFormat : std::uint8_t { automatic, text, json };  // automatic: text on a terminal

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::automatic;
};

// Sets up the log once, at the start. Until then (a program that embeds the library) nothing is
// written.
void start_log(const LogOptions& options);
void flush_log();

using LogFields = std::initializer_list<std::pair<std::string_view, std::string_view>>;
// Thread-safe. Control characters are escaped.
void log(LogLevel level, std::string_view message, LogFields fields = {});

// Writes each event as a log line: completed ones at debug, what a person should see above.
[[nodiscard]] std::shared_ptr<EventSink> log_event_sink();

}  // namespace esteira
