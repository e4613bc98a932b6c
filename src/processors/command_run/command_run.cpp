#include "processors/command_run/command_run.hpp"

#include <fmt/format.h>

#include "processors/command_run/child.hpp"
#include "processors/command_run/payload.hpp"
#include "processors/command_run/verdict.hpp"
#include "processors/command_run/watch.hpp"

namespace esteira::processors {
namespace {

constexpr std::string_view default_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::vector<std::string> make_environment(const Command& command, const Task& task,
                                          const ExecutionContext& context) {
  std::vector<std::string> variables;
  if (!command.environment.contains("PATH"))
    variables.push_back(fmt::format("PATH={}", default_path));
  for (const auto& [name, value] : command.environment) {
    variables.push_back(fmt::format("{}={}", name, value));
  }
  variables.push_back(fmt::format("ESTEIRA_TASK_ID={}", task.task_id));
  variables.push_back(fmt::format("ESTEIRA_ATTEMPT={}", context.attempt()));
  return variables;
}

}  // namespace

CommandRunProcessor::CommandRunProcessor(CommandRunOptions options)
    : options_(std::move(options)) {}

std::string_view CommandRunProcessor::description() const {
  return "Runs a command of the configuration; its standard output is the result";
}

std::string_view CommandRunProcessor::payload_schema() const { return command_run_schema(); }

void CommandRunProcessor::validate_payload(const Payload& payload) const {
  static_cast<void>(read_command_run(payload, options_));
}

TaskResult CommandRunProcessor::process(const Task& task, ExecutionContext& context) {
  auto request = read_command_run(task.payload, options_);
  const auto& command = *request.command;
  const auto stop = context.stop_token();
  if (stop.stop_requested()) throw TaskError("stopped");

  auto arguments = command.arguments;
  arguments.insert(arguments.end(), request.arguments.begin(), request.arguments.end());
  const auto input = to_text(task.payload);
  auto child = start_child({.command = command,
                            .arguments = std::move(arguments),
                            .environment = make_environment(command, task, context),
                            .input = input});
  if (!child) {
    const auto message = fmt::format("command {}: {}", request.name, child.error().message);
    if (child.error().permanent) return TaskResult::failed(message, RetryNever{});
    return TaskResult::failed(message);
  }
  const auto& limits = command.limits;
  const auto end = watch_child(*std::move(child),
                               {.timeout = limits.timeout,
                                .grace = command.grace,
                                .stdout_bytes_max = limits.stdout_bytes_max},
                               stop);
  const auto lines = readable_lines(end);
  for (const auto& line : lines) context.log(LogLevel::info, line);
  return judge_end(end,
                   {.name = request.name,
                    .timeout = limits.timeout,
                    .stdout_bytes_max = limits.stdout_bytes_max},
                   lines.empty() ? std::string_view() : lines.back());
}

}  // namespace esteira::processors
