#include "domain/work.hpp"

#include <fmt/format.h>

namespace esteira {

std::string_view to_text(WorkerCommand command) {
  switch (command) {
    case WorkerCommand::run:
      return "run";
    case WorkerCommand::quiet:
      return "quiet";
    case WorkerCommand::stop:
      return "stop";
  }
  return "run";
}

Expected<WorkerCommand> parse_worker_command(std::string_view text) {
  for (const auto command : {WorkerCommand::run, WorkerCommand::quiet, WorkerCommand::stop}) {
    if (text == to_text(command)) return command;
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("'{}' is no command to a worker: run, quiet or stop", text));
}

std::string_view to_text(BeatStatus status) {
  switch (status) {
    case BeatStatus::ok:
      return "ok";
    case BeatStatus::cancel:
      return "cancel";
    case BeatStatus::lost:
      return "lost";
  }
  return "lost";
}

std::string_view to_text(ReportStatus status) {
  switch (status) {
    case ReportStatus::applied:
      return "applied";
    case ReportStatus::already_applied:
      return "already_applied";
    case ReportStatus::stale:
      return "stale";
  }
  return "stale";
}

}  // namespace esteira
