// The one table of settings: it drives the file, the environment, the documentation's test and what
// `esteira doctor` prints.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/configuration.hpp"

namespace esteira::cli {

using SettingValue =
    std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;
enum class SettingKind : std::uint8_t { boolean, integer, number, text, list };
enum class SettingSource : std::uint8_t { anywhere, environment_only };

struct Setting {
  std::string path;  // "server.listen"
  SettingKind kind = SettingKind::text;
  std::string expected;  // "an address and port, such as 127.0.0.1:8080"
  std::string meaning;
  // A value of the right kind that is not as expected is refused; a message, where there is more to
  // say, never repeats the value.
  std::function<Expected<void>(Configuration&, const SettingValue&)> set;
  // As it would stand in the file, without secrets.
  std::function<std::string(const Configuration&)> show;
  SettingSource source = SettingSource::anywhere;

  // "ESTEIRA_SERVER_LISTEN"
  [[nodiscard]] std::string variable() const;
};

// The settings that have a fixed name.
[[nodiscard]] const std::vector<Setting>& fixed_settings();
// Those of one command that the file names: [processors.command_run.commands.NAME].
[[nodiscard]] std::vector<Setting> command_settings(std::string_view command);
inline constexpr std::string_view commands_section = "processors.command_run.commands";

// All of them, with those of the commands that `configuration` holds.
[[nodiscard]] std::vector<Setting> settings_of(const Configuration& configuration);

// The value that a variable's text stands for, or what was expected.
[[nodiscard]] Expected<SettingValue> parse_setting(const Setting& setting, std::string_view text);
// Checks the kind, then sets; an error says "<origin>: <path>: expected …, got …".
[[nodiscard]] Expected<void> apply_setting(Configuration& configuration, const Setting& setting,
                                           const SettingValue& value, const std::string& origin);

}  // namespace esteira::cli
