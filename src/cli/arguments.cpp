#include "cli/arguments.hpp"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <map>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>  // IWYU pragma: keep
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/output.hpp"
#include "cli/verb.hpp"

namespace esteira::cli {
namespace {

using Read = std::function<void(const std::string&)>;

[[noreturn]] void refuse(std::string_view name, std::string_view expected, std::string_view text) {
  throw CLI::ValidationError(std::string(name),
                             fmt::format("expected {}, got '{}'", expected, printable(text)));
}

std::int64_t read_integer(std::string_view name, std::string_view text, IntegerRange range) {
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number < range.min || number > range.max) {
    refuse(name, fmt::format("a whole number from {} to {}", range.min, range.max), text);
  }
  return number;
}

double read_number(std::string_view name, std::string_view text) {
  double number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) refuse(name, "a number", text);
  return number;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const auto comma = text.find(',');
    if (comma != 0 && !text.empty()) parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

CLI::Option& add_option(CLI::App& app, const Name& name, Read read) {
  auto* option = app.add_option(
      std::string(name.name),
      [read = std::move(read)](const CLI::results_t& values) {
        read(values.front());
        return true;
      },
      std::string(name.help));
  option->option_text(std::string(name.value));
  return *option;
}

constexpr IntegerRange task_id_range{.min = 1, .max = std::numeric_limits<std::int64_t>::max()};

}  // namespace

void Arguments::flag(std::string_view name, std::string_view help, bool& target) {
  app_.add_flag(std::string(name), target, std::string(help));
}

void Arguments::text(const Name& name, std::optional<std::string>& target) {
  add_option(app_, name, [&target](const std::string& text) { target = text; });
}

void Arguments::texts(const Name& name, std::vector<std::string>& target) {
  app_.add_option(std::string(name.name), target, std::string(name.help))
      ->option_text(std::string(name.value))
      ->allow_extra_args(false);
}

void Arguments::list(const Name& name, std::vector<std::string>& target) {
  add_option(app_, name, [&target](const std::string& text) { target = split_list(text); });
}

void Arguments::integer(const Name& name, IntegerRange range, std::optional<std::int64_t>& target) {
  add_option(app_, name, [&target, range, option = name.name](const std::string& text) {
    target = read_integer(option, text, range);
  });
}

void Arguments::number(const Name& name, std::optional<double>& target) {
  add_option(app_, name, [&target, option = name.name](const std::string& text) {
    target = read_number(option, text);
  });
}

void Arguments::duration(const Name& name, std::optional<Duration>& target) {
  add_option(app_, name, [&target, option = name.name](const std::string& text) {
    const auto duration = parse_duration(text);
    if (!duration) refuse(option, "a length of time, such as 90s, 5m, 2h or 7d", text);
    target = *duration;
  });
}

void Arguments::choice(const Name& name, const std::vector<std::string>& choices,
                       std::optional<std::string>& target) {
  add_option(app_, name, [&target, choices, option = name.name](const std::string& text) {
    if (std::ranges::find(choices, text) == choices.end()) {
      refuse(option, fmt::format("one of {}", fmt::join(choices, ", ")), text);
    }
    target = text;
  });
}

void Arguments::task_id(std::string_view help, TaskId& target) {
  add_option(app_, {"ID", "", help}, [&target](const std::string& text) {
    target = read_integer("ID", text, task_id_range);
  }).required();
}

void Arguments::task_ids(std::string_view help, std::vector<TaskId>& target) {
  const auto read = [&target](const std::vector<std::string>& texts) {
    for (const auto& text : texts) target.push_back(read_integer("ID", text, task_id_range));
  };
  app_.add_option_function<std::vector<std::string>>("ID", read, std::string(help))->required();
}

void Arguments::positional(const Name& name, std::string& target) {
  add_option(app_, name, [&target](const std::string& text) { target = text; }).required();
}

}  // namespace esteira::cli
