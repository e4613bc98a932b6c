#include "cli/processor_settings.hpp"

#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cli/setting_makers.hpp"

namespace esteira::cli {
namespace {

using processors::Command;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t secrets_bytes_max = 64 * 1024;

Expected<std::string> read_secrets_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(secrets_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (!file.is_open() || file.bad()) {
    return fail(ErrorCode::invalid_argument, "the file can't be read");
  }
  if (text.size() <= secrets_bytes_max) return text;
  return fail(ErrorCode::invalid_argument, "the file is too large for secrets");
}

Expected<void> set_secrets(Configuration& c, std::string_view text) {
  auto secrets = ESTEIRA_TRY(processors::parse_webhook_secrets(text));
  c.processors.http_request.secrets = std::move(secrets);
  return {};
}

void add_secrets(std::vector<Setting>& all) {
  all.push_back(
      text_setting({"processors.http_request.secrets_file",
                    "the path of a file with one or two signing secrets (whsec_…), one a line",
                    "signs each request (Standard Webhooks)"},
                   [](auto& c) -> auto& { return c.http_secrets_file; }, {}));
  all.back().set = [](Configuration& c, const SettingValue& value) -> Expected<void> {
    const auto& path = std::get<std::string>(value);
    const auto text = ESTEIRA_TRY(read_secrets_file(path));
    ESTEIRA_TRY(set_secrets(c, text));
    c.http_secrets_file = path;
    return {};
  };
  all.push_back({.path = "processors.http_request.secrets",
                 .kind = SettingKind::text,
                 .expected = "one or two signing secrets (whsec_…), divided by commas",
                 .meaning = "the same, in the environment only",
                 .set =
                     [](Configuration& c, const SettingValue& value) {
                       return set_secrets(c, std::get<std::string>(value));
                     },
                 .show =
                     [](const Configuration& c) {
                       const auto count = c.processors.http_request.secrets.size();
                       return toml_text(count == 0 ? std::string()
                                                   : fmt::format("*** ({})", count));
                     },
                 .source = SettingSource::environment_only});
}

// A setting of one command, found by its name when it is read or shown.
auto of_command(std::string name, auto member) {
  return [name = std::move(name), member](auto& c) -> auto& {
    return member(c.processors.command_run.commands.at(name));
  };
}

Expected<std::map<std::string, std::string>> to_environment(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> environment;
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) return not_as_expected();
    environment.insert_or_assign(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

Setting environment_setting(const std::string& path, const std::string& command) {
  const auto of = of_command(command, [](auto& one) -> auto& { return one.environment; });
  return {.path = path,
          .kind = SettingKind::list,
          .expected = "a list such as [\"LANG=C.UTF-8\"]",
          .meaning = "what it finds in its environment beside PATH and ESTEIRA_…",
          .set = [of](Configuration& c, const SettingValue& value) -> Expected<void> {
            of(c) = ESTEIRA_TRY(to_environment(std::get<std::vector<std::string>>(value)));
            return {};
          },
          // The values may be secrets.
          .show =
              [of](const Configuration& c) {
                std::vector<std::string> names;
                for (const auto& [name, value] : of(c)) names.push_back(name + "=***");
                return toml_list(names);
              }};
}

Expected<void> check_absolute(const std::string& path) {
  if (path.starts_with('/')) return {};
  return not_as_expected();
}

void add_limits(std::vector<Setting>& all, const std::string& prefix, const std::string& name) {
  constexpr std::int64_t large = std::int64_t{1} << 50;
  const auto integer = [&](std::string key, std::string meaning, IntegerRange range, auto member) {
    all.push_back(
        integer_setting({prefix + key, "", std::move(meaning)}, range, of_command(name, member)));
  };
  integer("stdout_bytes_max", "how much it may write to standard output",
          {1, static_cast<std::int64_t>(limits::result_bytes_max)},
          [](auto& one) -> auto& { return one.limits.stdout_bytes_max; });
  integer("cpu_seconds", "processor time; 0: no limit", {0, large},
          [](auto& one) -> auto& { return one.limits.cpu_seconds; });
  integer("memory_bytes", "address space; 0: no limit", {0, large},
          [](auto& one) -> auto& { return one.limits.memory_bytes; });
  integer("file_bytes", "the largest file that it may write; 0: no limit", {0, large},
          [](auto& one) -> auto& { return one.limits.file_bytes; });
  integer("open_files", "files open at once; 0: no limit", {0, 1'048'576},
          [](auto& one) -> auto& { return one.limits.open_files; });
}

}  // namespace

void add_http_request_settings(std::vector<Setting>& all) {
  const std::string prefix = "processors.http_request.";
  all.push_back(boolean_setting(
      {prefix + "allow_private_addresses", "",
       "lets requests go to loopback, private and link-local addresses"},
      [](auto& c) -> auto& { return c.processors.http_request.allow_private_addresses; }));
  add_secrets(all);
  all.push_back(length_setting<seconds>(
      {prefix + "timeout_seconds", "", "of a request whose payload names none"}, {1, 3'600},
      [](auto& c) -> auto& { return c.processors.http_request.timeout; }));
  all.push_back(length_setting<milliseconds>(
      {prefix + "connect_timeout_milliseconds", "", "until a connection stands"}, {1, 3'600'000},
      [](auto& c) -> auto& { return c.processors.http_request.connect_timeout; }));
  all.push_back(length_setting<seconds>(
      {prefix + "retry_after_seconds_max", "",
       "a server that asks for a longer pause is asked again after this"},
      {1, 604'800}, [](auto& c) -> auto& { return c.processors.http_request.retry_after_max; }));
  all.push_back(integer_setting(
      {prefix + "response_body_bytes_max", "", "what is kept of an answer"},
      {1, static_cast<std::int64_t>(processors::response_body_bytes_most)},
      [](auto& c) -> auto& { return c.processors.http_request.response_body_bytes_max; }));
  all.push_back(integer_setting(
      {prefix + "response_header_bytes_max", "", "an answer with more header is an error"},
      {1'024, 1'048'576},
      [](auto& c) -> auto& { return c.processors.http_request.response_header_bytes_max; }));
}

std::vector<std::string> command_names(const Configuration& configuration) {
  std::vector<std::string> names;
  for (const auto& [name, command] : configuration.processors.command_run.commands) {
    names.push_back(name);
  }
  return names;
}

Expected<void> add_command(Configuration& configuration, const std::string& name) {
  // A program that is always right: the name alone is judged here.
  ESTEIRA_TRY(processors::check_options(
      processors::CommandRunOptions{.commands = {{name, Command{.program = "/bin/true"}}}}));
  configuration.processors.command_run.commands.try_emplace(name);
  return {};
}

std::vector<Setting> command_settings(std::string_view command) {
  const std::string name(command);
  const auto prefix = fmt::format("{}.{}.", commands_section, name);
  std::vector<Setting> all;
  all.push_back(text_setting(
      {prefix + "program", "an absolute path", "what is run, without a shell"},
      of_command(name, [](auto& one) -> auto& { return one.program; }), check_absolute));
  all.push_back(list_setting({prefix + "arguments", "a list of texts", "its first arguments"},
                             of_command(name, [](auto& one) -> auto& { return one.arguments; }),
                             {}));
  all.push_back(
      boolean_setting({prefix + "allow_arguments", "", "whether the payload's come after them"},
                      of_command(name, [](auto& one) -> auto& { return one.allow_arguments; })));
  all.push_back(text_setting(
      {prefix + "working_directory", "an absolute path", "where it is started"},
      of_command(name, [](auto& one) -> auto& { return one.working_directory; }), check_absolute));
  all.push_back(environment_setting(prefix + "environment", name));
  all.push_back(length_setting<seconds>(
      {prefix + "timeout_seconds", "", "of one run; 0: the task's own"}, {0, 604'800},
      of_command(name, [](auto& one) -> auto& { return one.limits.timeout; })));
  all.push_back(length_setting<milliseconds>(
      {prefix + "grace_milliseconds", "", "between SIGTERM and SIGKILL"}, {0, 300'000},
      of_command(name, [](auto& one) -> auto& { return one.grace; })));
  add_limits(all, prefix, name);
  return all;
}

Expected<void> check_processors(const Configuration& configuration) {
  const auto place = configuration.file.value_or("the environment");
  const auto explain = [&](std::string_view section, const Expected<void>& checked) {
    if (checked) return checked;
    return Expected<void>(fail(ErrorCode::invalid_argument,
                               fmt::format("{}: {}: {}", place, section, checked.error().message)));
  };
  ESTEIRA_TRY(explain("processors.http_request",
                      processors::check_options(configuration.processors.http_request)));
  return explain("processors.command_run",
                 processors::check_options(configuration.processors.command_run));
}

}  // namespace esteira::cli
