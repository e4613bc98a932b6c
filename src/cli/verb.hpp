// A verb of the command line: what it is called, what it takes, what it does.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.hpp"
#include "esteira/error.hpp"

namespace esteira::cli {

// What every verb takes.
struct GlobalOptions {
  std::optional<std::string> config;
  std::optional<std::string> database;
  // A server instead of a database (server_settings.hpp).
  std::optional<std::string> server;
  std::optional<std::string> key;
  std::optional<std::string> ca_file;
  bool json = false;
};

struct Verb {
  std::string_view name;  // "serve", or "task create": a verb of the group `task`
  std::string_view summary;
  std::string_view example;
  std::function<void(Arguments&)> declare;
  // The exit status, or what went wrong (`exit_status` gives it one).
  std::function<Expected<int>(const GlobalOptions&)> run;
  bool reads_database = true;     // false: the global options mean nothing to it
  bool speaks_to_server = false;  // true: --server may stand in for a database
};

// 0 done, 1 failed, 2 bad input, 3 not found, 4 the database or the server can't be reached.
namespace status {
inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int bad_input = 2;
inline constexpr int not_found = 3;
inline constexpr int unreachable = 4;
}  // namespace status
[[nodiscard]] int exit_status(ErrorCode code);

// All of them, in the order of the help.
[[nodiscard]] std::vector<Verb> all_verbs();

// Reads the command line, runs its verb and answers the exit status. Errors go to standard error.
[[nodiscard]] int run_program(const std::vector<Verb>& verbs, int argc, const char* const* argv);

// The message, with the task that the error names.
[[nodiscard]] std::string error_text(const Error& error);
// "esteira: <message>" and one line for each field.
void print_error(const Error& error);

Verb serve_verb();
Verb worker_verb();
Verb migrate_up_verb();
Verb migrate_status_verb();
Verb task_create_verb();
Verb task_show_verb();
Verb task_list_verb();
Verb task_executions_verb();
Verb task_edit_verb();
Verb task_cancel_verb();
Verb task_retry_verb();
Verb task_delete_verb();
Verb task_bulk_verb();
Verb task_import_verb();
Verb type_list_verb();
Verb type_set_verb();
Verb type_pause_verb();
Verb type_resume_verb();
Verb batch_create_verb();
Verb batch_show_verb();
Verb batch_close_verb();
Verb batch_cancel_verb();
Verb batch_retry_verb();
Verb schedule_list_verb();
Verb schedule_show_verb();
Verb schedule_set_verb();
Verb schedule_delete_verb();
Verb schedule_preview_verb();
Verb schedule_run_verb();
Verb schedule_pause_verb();
Verb schedule_resume_verb();
Verb key_create_verb();
Verb key_list_verb();
Verb key_revoke_verb();
Verb audit_list_verb();
Verb audit_verify_verb();
Verb stats_verb();
Verb top_verb();
Verb encryption_status_verb();
Verb encryption_rotate_verb();
Verb prune_verb();
Verb doctor_verb();
Verb bench_verb();
Verb completion_bash_verb();

}  // namespace esteira::cli
