#include "cli/configuration.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cli/configuration_file.hpp"
#include "cli/configuration_keys.hpp"
#include "cli/output.hpp"
#include "cli/processor_settings.hpp"

namespace esteira::cli {
namespace {

Expected<void> apply_text(Configuration& configuration, const Setting& setting,
                          const std::string& text, const std::string& origin) {
  const auto value = parse_setting(setting, text);
  if (value) return apply_setting(configuration, setting, *value, origin);
  return fail(ErrorCode::invalid_argument,
              fmt::format("{}: expected {}, got '{}'", origin, setting.expected, printable(text)));
}

Expected<void> apply_environment(Configuration& configuration,
                                 const ConfigurationSources& sources) {
  for (const auto& setting : settings_of(configuration)) {
    const auto variable = setting.variable();
    const auto text = sources.environment(variable);
    if (text && !text->empty()) {
      ESTEIRA_TRY(apply_text(configuration, setting, *text, variable));
    }
  }
  return {};
}

Expected<void> apply_flags(Configuration& configuration, const std::vector<FlagValue>& flags) {
  const auto& settings = fixed_settings();
  for (const auto& flag : flags) {
    const auto setting = std::ranges::find(settings, flag.path, &Setting::path);
    ESTEIRA_ASSERT(setting != settings.end());
    // A variable that is not set must not turn a choice of types into all of them.
    if (setting->kind == SettingKind::list && flag.text.empty()) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("{}: expected {}, got nothing", flag.flag, setting->expected));
    }
    ESTEIRA_TRY(apply_text(configuration, *setting, flag.text, flag.flag));
  }
  return {};
}

// One of the two alone would be a server that speaks plain HTTP against its owner's will.
Expected<void> check_tls(const Configuration& configuration) {
  const bool certificate = !configuration.tls_certificate.empty();
  const bool key = !configuration.tls_key.empty();
  if (certificate == key) return {};
  const std::string given = certificate ? "server.tls_certificate" : "server.tls_key";
  return fail(
      ErrorCode::invalid_argument,
      fmt::format("{}: {} is set and {} is not: TLS takes both", configuration.origins.at(given),
                  given, certificate ? "server.tls_key" : "server.tls_certificate"));
}

std::optional<std::string> find_file(const ConfigurationSources& sources) {
  if (sources.file) return sources.file;
  for (const auto& candidate : sources.file_candidates) {
    std::error_code ignored;
    if (std::filesystem::exists(candidate, ignored)) return candidate;
  }
  return std::nullopt;
}

// "password=…" in the query of a URL.
void redact_query(std::string& url) {
  constexpr std::string_view name = "password=";
  for (auto at = url.find(name); at != std::string::npos; at = url.find(name, at)) {
    at += name.size();
    const auto end = std::min(url.find('&', at), url.size());
    url.replace(at, end - at, "***");
  }
}

}  // namespace

ConfigurationSources process_sources() {
  ConfigurationSources sources;
  sources.environment = [](const std::string& name) -> std::optional<std::string> {
    const char* text = std::getenv(name.c_str());
    if (text == nullptr) return std::nullopt;
    return text;
  };
  return sources;
}

Expected<Configuration> load_configuration(const ConfigurationSources& sources) {
  Configuration configuration;
  configuration.file = find_file(sources);
  if (configuration.file) ESTEIRA_TRY(apply_configuration_file(configuration, *configuration.file));
  ESTEIRA_TRY(apply_environment(configuration, sources));
  ESTEIRA_TRY(apply_flags(configuration, sources.flags));
  ESTEIRA_TRY(check_tls(configuration));
  ESTEIRA_TRY(check_processors(configuration));
  return configuration;
}

std::string redacted_url(std::string_view url) {
  std::string text(url);
  const auto start = text.find("://");
  if (start == std::string::npos) return text;
  const auto host = start + 3;
  const auto authority_end = std::min(text.find_first_of("/?#", host), text.size());
  // A password may hold '@': the last one before the path ends it.
  const auto at = text.rfind('@', authority_end);
  if (at != std::string::npos && at >= host) {
    const auto colon = text.find(':', host);
    if (colon < at) text.replace(colon + 1, at - colon - 1, "***");
  }
  redact_query(text);
  return text;
}

}  // namespace esteira::cli
