// Running a verb: what it answers becomes the exit status.
#include <cstdio>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/command_line.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"

namespace esteira::cli {

int exit_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return status::bad_input;
    case ErrorCode::not_found:
      return status::not_found;
    case ErrorCode::unavailable:
    case ErrorCode::in_doubt:
      return status::unreachable;
    case ErrorCode::conflict:
    case ErrorCode::unauthorized:
    case ErrorCode::forbidden:
    case ErrorCode::rate_limited:
    case ErrorCode::unsupported:
    case ErrorCode::internal:
      return status::failed;
  }
  return status::failed;
}

std::string error_text(const Error& error) {
  if (!error.task_id) return error.message;
  const auto holder = fmt::format("task {}", *error.task_id);
  return error.message.find(holder) == std::string::npos
             ? fmt::format("{} ({})", error.message, holder)
             : error.message;
}

void print_error(const Error& error) {
  std::fflush(stdout);
  fmt::print(stderr, "esteira: {}\n", printable(error_text(error)));
  for (const auto& field : error.fields) {
    // The message often is about the first of them.
    if (error.message.ends_with(field.message)) continue;
    const auto where = field.pointer.empty() ? "the document" : field.pointer;
    fmt::print(stderr, "esteira:   {}: {}\n", printable(where), printable(field.message));
  }
}

int run_program(const std::vector<Verb>& verbs, int argc, const char* const* argv) {
  const auto line = read_command_line(verbs, argc, argv);
  int result = line.status;
  if (line.verb != nullptr) {
    const auto answer = line.verb->run(line.globals);
    if (!answer) print_error(answer.error());
    result = answer ? *answer : exit_status(answer.error().code);
  }
  // What could not be written must not read as success.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    fmt::print(stderr, "esteira: writing to standard output failed\n");
    return result == status::done ? status::failed : result;
  }
  return result;
}

}  // namespace esteira::cli
