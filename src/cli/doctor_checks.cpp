#include "cli/doctor_checks.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "archive/history.hpp"
#include "cipher/keyring.hpp"
#include "cli/configuration_keys.hpp"
#include "cli/encryption_keys.hpp"
#include "cli/output.hpp"
#include "cli/processor_settings.hpp"
#include "cli/server_settings.hpp"
#include "cli/server_tls.hpp"
#include "repository/inspect.hpp"

namespace esteira::cli {
namespace {

constexpr std::chrono::seconds clock_offset_max{2};
constexpr std::chrono::minutes worker_silence_max{2};
constexpr std::string_view sqlite_scheme = "sqlite:";

// Variables of this prefix that are no settings: what COMMAND_RUN hands to its commands, and what
// the verbs that speak to a server take.
const std::set<std::string, std::less<>> other_variables{
    "ESTEIRA_TASK_ID", "ESTEIRA_ATTEMPT", std::string(server_variable), std::string(key_variable),
    std::string(ca_variable)};

bool holds_secret(const Configuration& configuration) {
  const auto at = configuration.origins.find("database.url");
  const bool in_file = at != configuration.origins.end() && configuration.file &&
                       at->second.starts_with(*configuration.file);
  return in_file && redacted_url(configuration.database_url) != configuration.database_url;
}

void check_file_mode(Checks& checks, const Configuration& configuration) {
  struct stat info{};
  if (stat(configuration.file->c_str(), &info) != 0) return;
  if ((info.st_mode & S_IROTH) != 0 && holds_secret(configuration)) {
    checks.add("configuration file", CheckStatus::warning,
               fmt::format("{} holds a password and everybody may read it: chmod 600 {}",
                           *configuration.file, *configuration.file));
  } else {
    checks.add("configuration file", CheckStatus::ok, *configuration.file);
  }
}

void check_missing_file(Checks& checks, const Configuration& configuration) {
  const auto path = configuration.database_url.substr(sqlite_scheme.size());
  const auto parent = std::filesystem::path(path).parent_path();
  const auto folder = parent.empty() ? std::filesystem::path(".") : parent;
  if (access(folder.c_str(), W_OK | X_OK) == 0) {
    checks.add("database", CheckStatus::note,
               fmt::format("{} does not exist yet: the first start makes it", path));
  } else {
    checks.add("database", CheckStatus::failed,
               fmt::format("{} does not exist, and {} can't be written: make the folder, or name "
                           "another file with --database",
                           path, folder.string()));
  }
}

void check_schema(Checks& checks, TaskRepository& repository) {
  const auto schema = repository.schema_status();
  if (!schema) return checks.add("schema", CheckStatus::failed, schema.error().message);
  const auto versions =
      fmt::format("version {}, this program brings {}", schema->current, schema->latest);
  if (schema->usable()) return checks.add("schema", CheckStatus::ok, versions);
  checks.add("schema", CheckStatus::failed,
             versions + (schema->current < schema->latest
                             ? ": run esteira migrate up"
                             : ": it was made by a newer program, use that one"));
}

void check_clock(Checks& checks, TaskRepository& repository) {
  DatabaseClock clock;
  if (const auto synced = clock.sync(repository); !synced) {
    return checks.add("clock", CheckStatus::failed, synced.error().message);
  }
  const auto offset = clock.offset();
  const auto size = offset < Duration{0} ? -offset : offset;
  const auto text =
      fmt::format("the database's clock is {} {} this machine's", format_duration(size),
                  offset < Duration{0} ? "behind" : "ahead of");
  if (size <= clock_offset_max) return checks.add("clock", CheckStatus::ok, text);
  checks.add("clock", CheckStatus::warning,
             text + ": times are the database's; set this machine's clock (NTP)");
}

void check_settings(Checks& checks, const Configuration& configuration) {
  const auto facts = engine_facts(configuration.database_url);
  if (!facts) return checks.add("settings", CheckStatus::failed, facts.error().message);
  std::string text;
  for (const auto& fact : *facts) {
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", fact.name, fact.value);
  }
  // Switched off, each of these loses acknowledged tasks when the power fails.
  const auto off = std::ranges::find_if(*facts, [](const EngineFact& fact) {
    const bool durable = fact.name == "fsync" || fact.name == "synchronous_commit" ||
                         fact.name == "full_page_writes" || fact.name == "synchronous";
    return durable && fact.value == "off";
  });
  if (off == facts->end()) return checks.add("settings", CheckStatus::ok, text);
  checks.add(
      "settings", CheckStatus::warning,
      fmt::format("{} is off: a power failure loses acknowledged tasks ({})", off->name, text));
}

void check_workers(Checks& checks, TaskRepository& repository) {
  const auto workers = repository.workers();
  const auto now = repository.server_time();
  if (!workers || !now) return;  // the schema's check has said why
  std::vector<std::string> alive;
  for (const auto& worker : *workers) {
    if (*now - worker.heartbeat_at <= worker_silence_max) alive.push_back(worker.name);
  }
  if (alive.empty()) {
    checks.add("workers", CheckStatus::note, "none was seen in the last minutes: esteira worker");
  } else {
    checks.add("workers", CheckStatus::ok, fmt::format("{}", fmt::join(alive, ", ")));
  }
}

void check_types(Checks& checks, TaskRepository& repository) {
  const auto types = repository.types();
  if (!types) return;
  for (const auto& type : *types) {
    if (!type.paused) continue;
    checks.add("type " + type.name, CheckStatus::note,
               "is paused: esteira type resume " + type.name);
  }
}

void check_encrypted_types(Checks& checks, TaskRepository& repository, const Keyring* keyring) {
  const auto types = repository.types();
  if (!types || keyring != nullptr) return;
  for (const auto& type : *types) {
    if (!type.flow.encrypted) continue;
    checks.add("type " + type.name, CheckStatus::failed,
               "is encrypted, and no encryption keys are given: set encryption.keys");
  }
}

void check_ciphers(Checks& checks, TaskRepository& repository, const Keyring* keyring) {
  const auto counts = repository.cipher_counts();
  if (!counts) return;
  for (const auto& [key_id, tasks] : *counts) {
    const auto label = "encryption key " + key_id;
    if (keyring == nullptr || !keyring->has(key_id)) {
      checks.add(label, CheckStatus::failed,
                 fmt::format("{} tasks are enciphered under it and it is not given: they can't be "
                             "read or run here",
                             count_cell(tasks)));
    } else if (key_id != keyring->current()) {
      checks.add(
          label, CheckStatus::note,
          fmt::format("{} tasks are still under it: esteira encryption rotate", count_cell(tasks)));
    }
  }
}

void check_command(Checks& checks, const std::string& name, const processors::Command& command) {
  const auto label = "command " + name;
  if (access(command.program.c_str(), X_OK) != 0) {
    return checks.add(label, CheckStatus::failed,
                      command.program + " can't be run: is the path right, and is it executable?");
  }
  if (access(command.working_directory.c_str(), X_OK) != 0) {
    return checks.add(label, CheckStatus::failed,
                      command.working_directory + " is no directory that can be entered");
  }
  checks.add(label, CheckStatus::ok, command.program);
}

}  // namespace

std::string_view to_text(CheckStatus status) {
  switch (status) {
    case CheckStatus::ok:
      return "ok";
    case CheckStatus::note:
      return "note";
    case CheckStatus::warning:
      return "warning";
    case CheckStatus::failed:
      return "failed";
  }
  return "";
}

bool Checks::healthy() const {
  return std::ranges::none_of(
      all_, [](const Check& check) { return check.status == CheckStatus::failed; });
}

void check_configuration(Checks& checks, const Configuration& configuration,
                         const std::vector<std::string>& environment) {
  if (configuration.file) {
    check_file_mode(checks, configuration);
  } else {
    checks.add("configuration file", CheckStatus::note, "none: defaults and environment");
  }
  std::set<std::string, std::less<>> known = other_variables;
  for (const auto& setting : settings_of(configuration)) known.insert(setting.variable());
  for (const auto& name : environment) {
    const bool ours = name.starts_with("ESTEIRA_") && !name.starts_with("ESTEIRA_TEST_");
    if (!ours || known.contains(name)) continue;
    checks.add("environment", CheckStatus::warning,
               fmt::format("{} is the variable of no setting", name));
  }
}

void check_certificate(Checks& checks, const Configuration& configuration) {
  const auto files = tls_files_of(configuration);
  if (!files) return;
  const auto identity = http::read_tls_identity(*files);
  if (!identity) return checks.add("certificate", CheckStatus::failed, identity.error().message);
  const auto dates =
      judge_dates(**identity, std::chrono::floor<Duration>(std::chrono::system_clock::now()));
  const auto sound = dates.ends_soon ? CheckStatus::warning : CheckStatus::ok;
  checks.add("certificate", dates.valid ? sound : CheckStatus::failed, dates.text);
}

std::shared_ptr<const Keyring> check_encryption(Checks& checks,
                                                const Configuration& configuration) {
  auto keyring = read_keyring(configuration);
  if (!keyring) {
    checks.add("encryption keys", CheckStatus::failed, keyring.error().message);
    return nullptr;
  }
  if (*keyring) {
    checks.add(
        "encryption keys", CheckStatus::ok,
        fmt::format("{}; {} enciphers", fmt::join((*keyring)->ids(), ", "), (*keyring)->current()));
  }
  return *keyring;
}

void check_export(Checks& checks, const Configuration& configuration) {
  const auto& folder = configuration.retention_export;
  if (folder.empty()) return;
  const auto sound = check_history(folder);
  if (sound) return checks.add("export", CheckStatus::ok, folder);
  checks.add("export", CheckStatus::failed,
             sound.error().message + "; until then the retention deletes nothing");
}

void check_processor_settings(Checks& checks, const Configuration& configuration) {
  std::vector<std::string_view> types;
  const auto registry = make_registry(configuration);
  for (const auto& processor : registry->all()) types.push_back(processor->task_type());
  checks.add("processors", CheckStatus::ok, fmt::format("{}", fmt::join(types, ", ")));
  if (configuration.processors.http_request.allow_private_addresses) {
    checks.add("HTTP_REQUEST", CheckStatus::note,
               "may reach private addresses: whoever creates tasks reaches your network");
  }
  const auto& commands = configuration.processors.command_run.commands;
  if (commands.empty()) {
    checks.add("COMMAND_RUN", CheckStatus::note,
               "no command is named: [processors.command_run.commands.NAME]");
  }
  for (const auto& [name, command] : commands) check_command(checks, name, command);
}

int check_database(Checks& checks, const Configuration& configuration, const Keyring* keyring) {
  if (is_missing_file(configuration)) {
    check_missing_file(checks, configuration);
    return status::failed;
  }
  const auto repository = open_repository(configuration.database_url, Migrate::never);
  const auto answered = repository ? (*repository)->ping() : Expected<void>{};
  if (!repository || (!answered && answered.error().code != ErrorCode::unsupported)) {
    const auto& error = repository ? answered.error() : repository.error();
    checks.add("database", CheckStatus::failed, error.message);
    return is_transient(error.code) ? status::unreachable : status::failed;
  }
  checks.add("database", CheckStatus::ok, (*repository)->address());
  check_schema(checks, **repository);
  // It answers, but holds no schema of ours: there is nothing more to look at.
  if (!answered) return status::failed;
  check_clock(checks, **repository);
  check_settings(checks, configuration);
  check_types(checks, **repository);
  check_encrypted_types(checks, **repository, keyring);
  check_ciphers(checks, **repository, keyring);
  check_workers(checks, **repository);
  return status::failed;
}

}  // namespace esteira::cli
