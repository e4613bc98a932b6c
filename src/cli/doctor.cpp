// esteira doctor
#include <algorithm>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/configuration_keys.hpp"
#include "cli/doctor_checks.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"

namespace esteira::cli {
namespace {

std::vector<std::string> variable_names() {
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    names.emplace_back(text.substr(0, text.find('=')));
  }
  return names;
}

std::string origin_of(const Configuration& configuration, const std::string& path) {
  const auto found = configuration.origins.find(path);
  return found == configuration.origins.end() ? "default" : found->second;
}

Json to_json(const Checks& checks, const Configuration& configuration) {
  JsonArray all;
  for (const auto& check : checks.all()) {
    all.push_back(JsonObject{
        {"name", check.name}, {"status", to_text(check.status)}, {"detail", check.detail}});
  }
  JsonArray settings;
  for (const auto& setting : settings_of(configuration)) {
    settings.push_back(JsonObject{{"key", setting.path},
                                  {"value", setting.show(configuration)},
                                  {"from", origin_of(configuration, setting.path)}});
  }
  return JsonObject{{"healthy", checks.healthy()},
                    {"checks", std::move(all)},
                    {"configuration", std::move(settings)}};
}

std::string_view verdict(const Checks& checks) {
  if (!checks.healthy()) return "mend what has failed, then ask again";
  const bool warned =
      std::ranges::find(checks.all(), CheckStatus::warning, &Check::status) != checks.all().end();
  return warned ? "it works; look at the warnings" : "all is well";
}

void print_report(const Checks& checks, const Configuration& configuration) {
  Table settings({{"SETTING"}, {"VALUE"}, {"FROM"}});
  for (const auto& setting : settings_of(configuration)) {
    settings.add(
        {setting.path, setting.show(configuration), origin_of(configuration, setting.path)});
  }
  print_table(settings);
  // Details are what is to be read: they are never cut.
  Table results({{"CHECK"}, {"STATUS"}, {"DETAIL"}});
  for (const auto& check : checks.all()) {
    results.add({check.name, std::string(to_text(check.status)), check.detail});
  }
  print("\n" + results.text());
  print(fmt::format("\n{}\n", verdict(checks)));
}

Expected<int> run(const GlobalOptions& globals) {
  Checks checks;
  auto configuration = configuration_of(globals);
  int trouble = status::failed;
  if (configuration) {
    check_configuration(checks, *configuration, variable_names());
    check_certificate(checks, *configuration);
    check_export(checks, *configuration);
    check_processor_settings(checks, *configuration);
    const auto keyring = check_encryption(checks, *configuration);
    trouble = check_database(checks, *configuration, keyring.get());
  } else {
    checks.add("configuration", CheckStatus::failed, configuration.error().message);
    configuration = Configuration{};
  }
  if (globals.json) {
    print_json(to_json(checks, *configuration));
  } else {
    print_report(checks, *configuration);
  }
  return checks.healthy() ? status::done : trouble;
}

}  // namespace

Verb doctor_verb() {
  return {.name = "doctor",
          .summary = "Check configuration, certificate, database and processors; say what to mend",
          .example = "esteira doctor --config /etc/esteira/esteira.toml",
          .declare = {},
          .run = run};
}

}  // namespace esteira::cli
