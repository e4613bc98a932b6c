// Settings of the usual kinds, made from the member that they write to. `member` is called with a
// Configuration, constant or not, and answers a reference.
#pragma once

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cli/arguments.hpp"
#include "cli/configuration_keys.hpp"

namespace esteira::cli {

struct SettingText {
  std::string path;
  std::string expected;  // "": made from the range
  std::string meaning;
};

[[nodiscard]] std::string toml_text(std::string_view text);
[[nodiscard]] std::string toml_list(const std::vector<std::string>& texts);
// "7d", "90m", "250ms": what parse_duration reads.
[[nodiscard]] std::string duration_option_text(Duration duration);
[[nodiscard]] inline std::unexpected<Error> not_as_expected() {
  return fail(ErrorCode::invalid_argument, "");
}

template <class Member>
Setting text_setting(SettingText text, Member member,
                     std::function<Expected<void>(const std::string&)> check) {
  return {.path = std::move(text.path),
          .kind = SettingKind::text,
          .expected = std::move(text.expected),
          .meaning = std::move(text.meaning),
          .set = [member, check](Configuration& c, const SettingValue& value) -> Expected<void> {
            const auto& given = std::get<std::string>(value);
            if (check) ESTEIRA_TRY(check(given));
            member(c) = given;
            return {};
          },
          .show = [member](const Configuration& c) { return toml_text(member(c)); }};
}

template <class Member>
Setting boolean_setting(SettingText text, Member member) {
  return {
      .path = std::move(text.path),
      .kind = SettingKind::boolean,
      .expected = "true or false",
      .meaning = std::move(text.meaning),
      .set = [member](Configuration& c, const SettingValue& value) -> Expected<void> {
        member(c) = std::get<bool>(value);
        return {};
      },
      .show =
          [member](const Configuration& c) { return std::string(member(c) ? "true" : "false"); }};
}

template <class Member>
Setting integer_setting(SettingText text, IntegerRange range, Member member) {
  return {.path = std::move(text.path),
          .kind = SettingKind::integer,
          .expected = fmt::format("a whole number from {} to {}", range.min, range.max),
          .meaning = std::move(text.meaning),
          .set = [member, range](Configuration& c, const SettingValue& value) -> Expected<void> {
            const auto given = std::get<std::int64_t>(value);
            if (given < range.min || given > range.max) return not_as_expected();
            member(c) = static_cast<std::remove_cvref_t<decltype(member(c))>>(given);
            return {};
          },
          .show = [member](const Configuration& c) { return fmt::format("{}", member(c)); }};
}

// A length of time, as a whole number of `Unit`.
template <class Unit, class Member>
Setting length_setting(SettingText text, IntegerRange range, Member member) {
  return {.path = std::move(text.path),
          .kind = SettingKind::integer,
          .expected = fmt::format("a whole number from {} to {}", range.min, range.max),
          .meaning = std::move(text.meaning),
          .set = [member, range](Configuration& c, const SettingValue& value) -> Expected<void> {
            const auto given = std::get<std::int64_t>(value);
            if (given < range.min || given > range.max) return not_as_expected();
            member(c) = Unit{given};
            return {};
          },
          .show =
              [member](const Configuration& c) {
                return fmt::format("{}", std::chrono::floor<Unit>(member(c)).count());
              }};
}

// A length of time with its unit: "7d".
template <class Member>
Setting duration_setting(SettingText text, Member member) {
  return {
      .path = std::move(text.path),
      .kind = SettingKind::text,
      .expected = "a length of time, such as \"12h\" or \"7d\"",
      .meaning = std::move(text.meaning),
      .set = [member](Configuration& c, const SettingValue& value) -> Expected<void> {
        const auto given = parse_duration(std::get<std::string>(value));
        if (!given) return not_as_expected();
        member(c) = *given;
        return {};
      },
      .show =
          [member](const Configuration& c) { return toml_text(duration_option_text(member(c))); }};
}

template <class Member>
Setting list_setting(SettingText text, Member member,
                     std::function<Expected<void>(const std::string&)> check_one) {
  return {
      .path = std::move(text.path),
      .kind = SettingKind::list,
      .expected = std::move(text.expected),
      .meaning = std::move(text.meaning),
      .set = [member, check_one](Configuration& c, const SettingValue& value) -> Expected<void> {
        const auto& given = std::get<std::vector<std::string>>(value);
        if (check_one) {
          for (const auto& one : given) ESTEIRA_TRY(check_one(one));
        }
        member(c) = given;
        return {};
      },
      .show = [member](const Configuration& c) { return toml_list(member(c)); }};
}

template <class Member>
Setting types_setting(SettingText text, Member member) {
  auto setting = list_setting(std::move(text), member,
                              [](const std::string& one) { return check_type_name(one); });
  setting.set = [inner = setting.set, member](Configuration& c,
                                              const SettingValue& value) -> Expected<void> {
    ESTEIRA_TRY(inner(c, value));
    for (auto& name : member(c)) name = canonical_type_name(std::string(name));
    return {};
  };
  return setting;
}

template <class Choice, class Member>
Setting choice_setting(SettingText text, std::vector<std::pair<std::string, Choice>> choices,
                       Member member) {
  std::string expected;
  for (const auto& [name, choice] : choices) {
    expected += fmt::format("{}\"{}\"", expected.empty() ? "one of " : ", ", name);
  }
  return {.path = std::move(text.path),
          .kind = SettingKind::text,
          .expected = std::move(expected),
          .meaning = std::move(text.meaning),
          .set = [member, choices](Configuration& c, const SettingValue& value) -> Expected<void> {
            const auto found = std::ranges::find(choices, std::get<std::string>(value),
                                                 &std::pair<std::string, Choice>::first);
            if (found == choices.end()) return not_as_expected();
            member(c) = found->second;
            return {};
          },
          .show =
              [member, choices](const Configuration& c) {
                const auto found =
                    std::ranges::find(choices, member(c), &std::pair<std::string, Choice>::second);
                return toml_text(found->first);
              }};
}

}  // namespace esteira::cli
