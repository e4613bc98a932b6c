#include "cli/configuration_file.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/assert.hpp"
#include "cli/configuration_keys.hpp"
#include "cli/output.hpp"
#include "cli/processor_settings.hpp"

namespace esteira::cli {
namespace {

constexpr int suggestion_edits_max = 3;

// How many characters must be added, removed or changed to make one text of the other.
int edits_between(std::string_view a, std::string_view b) {
  std::vector<int> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    int diagonal = std::exchange(row[0], static_cast<int>(i));
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({change, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

// Reads one file into one configuration.
class FileReader {
 public:
  FileReader(Configuration& configuration, std::string path)
      : configuration_(configuration), path_(std::move(path)) {}

  Expected<void> read_table(const toml::table& table,
                            const std::string& section) {  // NOLINT(misc-no-recursion)
    for (const auto& [key, node] : table) {
      const auto name =
          section.empty() ? std::string(key.str()) : section + "." + std::string(key.str());
      const auto origin = fmt::format("{}:{}", path_, key.source().begin.line);
      if (section == commands_section) {
        ESTEIRA_TRY(read_command(std::string(key.str()), node, origin));
      } else if (is_section(name)) {
        const auto* inner = node.as_table();
        if (inner == nullptr) return refuse(origin, name, "expected a section [" + name + "]");
        ESTEIRA_TRY(read_table(*inner, name));
      } else {
        ESTEIRA_TRY(read_value(fixed_settings(), name, node, origin));
      }
    }
    return {};
  }

 private:
  Expected<void> read_command(const std::string& command, const toml::node& node,
                              const std::string& origin) {
    const auto section = fmt::format("{}.{}", commands_section, command);
    const auto* table = node.as_table();
    if (table == nullptr) return refuse(origin, section, "expected a section [" + section + "]");
    if (auto added = add_command(configuration_, command); !added) {
      return refuse(origin, section, added.error().message);
    }
    const auto settings = command_settings(command);
    for (const auto& [key, value] : *table) {
      const auto line = fmt::format("{}:{}", path_, key.source().begin.line);
      ESTEIRA_TRY(read_value(settings, fmt::format("{}.{}", section, key.str()), value, line));
    }
    return {};
  }

  Expected<void> read_value(const std::vector<Setting>& settings, const std::string& name,
                            const toml::node& node, const std::string& origin) {
    const auto setting = std::ranges::find(settings, name, &Setting::path);
    if (setting == settings.end()) return unknown_key(settings, name, origin);
    if (setting->source == SettingSource::environment_only) {
      return refuse(origin, name,
                    "a secret does not stand in this file: use the environment variable " +
                        setting->variable() + " or a file of its own");
    }
    const auto value = value_of(node);
    if (value) return apply_setting(configuration_, *setting, *value, origin);
    return refuse(origin, name, "expected " + setting->expected);
  }

  static std::optional<SettingValue> value_of(const toml::node& node) {
    if (const auto* flag = node.as_boolean()) return flag->get();
    if (const auto* integer = node.as_integer()) return integer->get();
    if (const auto* number = node.as_floating_point()) return number->get();
    if (const auto* text = node.as_string()) return text->get();
    const auto* array = node.as_array();
    if (array == nullptr) return std::nullopt;
    std::vector<std::string> texts;
    for (const auto& item : *array) {
      const auto* text = item.as_string();
      if (text == nullptr) return std::nullopt;
      texts.push_back(text->get());
    }
    return texts;
  }

  static bool is_section(const std::string& name) {
    const auto inside = [&](std::string_view path) { return path.starts_with(name + "."); };
    return inside(std::string(commands_section) + ".") ||
           std::ranges::any_of(fixed_settings(), inside, &Setting::path);
  }

  static Expected<void> refuse(const std::string& origin, const std::string& name,
                               const std::string& why) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}: {}: {}", origin, printable(name), why));
  }

  static Expected<void> unknown_key(const std::vector<Setting>& settings, const std::string& name,
                                    const std::string& origin) {
    const auto nearest = std::ranges::min_element(
        settings, {}, [&](const Setting& setting) { return edits_between(setting.path, name); });
    const bool near =
        nearest != settings.end() && edits_between(nearest->path, name) <= suggestion_edits_max;
    return refuse(origin, name,
                  near ? fmt::format("unknown key: did you mean {}?", nearest->path)
                       : "unknown key: docs/configuration.md lists them all");
  }

  Configuration& configuration_;
  std::string path_;
};

}  // namespace

Expected<void> apply_configuration_file(Configuration& configuration, const std::string& path) {
  // The library throws; what it says ends here.
  try {
    return FileReader(configuration, path).read_table(toml::parse_file(path), "");
  } catch (const toml::parse_error& error) {
    const auto line = error.source().begin.line;
    const auto place = line > 0 ? fmt::format("{}:{}", path, line) : path;
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}: {}", place, printable(error.description())));
  }
}

}  // namespace esteira::cli
