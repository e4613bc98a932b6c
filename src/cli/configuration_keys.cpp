#include "cli/configuration_keys.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/assert.hpp"
#include "cli/encryption_keys.hpp"
#include "cli/output.hpp"
#include "cli/processor_settings.hpp"
#include "cli/setting_makers.hpp"
#include "http/listen_address.hpp"

namespace esteira::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Expected<void> check_url(const std::string& text) {
  for (const std::string_view scheme : {"sqlite:", "postgresql://", "postgres://"}) {
    if (text.starts_with(scheme) && text.size() > scheme.size()) return {};
  }
  return fail(ErrorCode::invalid_argument, "");
}

Expected<void> check_listen(const std::string& text) {
  ESTEIRA_TRY(http::parse_listen_address(text));
  return {};
}

void add_places(std::vector<Setting>& all) {
  all.push_back(text_setting(
      {"database.url", "a database address: sqlite:PATH or postgresql://…",
       "where the tasks are kept"},
      [](auto& c) -> auto& { return c.database_url; }, check_url));
  all.back().show = [](const auto& c) { return toml_text(redacted_url(c.database_url)); };
  all.push_back(text_setting(
      {"server.listen", "an address and port, such as 127.0.0.1:8080",
       "where `esteira serve` answers; loopback only while no key exists"},
      [](auto& c) -> auto& { return c.server_listen; }, check_listen));
  all.push_back(text_setting(
      {"server.tls_certificate", "the path of a PEM file: the certificate, then its chain",
       "with it and the key TLS is spoken there, and nothing else"},
      [](auto& c) -> auto& { return c.tls_certificate; }, {}));
  all.push_back(
      text_setting({"server.tls_key", "the path of a PEM file that not everybody may read",
                    "the private key of the certificate"},
                   [](auto& c) -> auto& { return c.tls_key; }, {}));
}

void add_encryption(std::vector<Setting>& all) {
  all.push_back(list_setting(
      {"encryption.keys", R"(a list such as ["2026a:file:/etc/esteira/key-2026a"])",
       "encryption keys; the first enciphers, the others still decipher"},
      [](auto& c) -> auto& { return c.encryption_keys; }, check_key_file));
  all.push_back(list_setting(
      {"encryption.secrets", "ID:KEY, several divided by commas",
       "the same as base64 or hexadecimal digits, in the environment only"},
      [](auto& c) -> auto& { return c.encryption_secrets; }, check_key_text));
  all.back().show = [](const Configuration& c) {
    const auto count = c.encryption_secrets.size();
    return toml_text(count == 0 ? std::string() : fmt::format("*** ({})", count));
  };
  all.back().source = SettingSource::environment_only;
}

void add_worker(std::vector<Setting>& all) {
  all.push_back(
      types_setting({"worker.types", "a list of task types, such as [\"NOOP\", \"COMMAND_RUN\"]",
                     "the types that the worker runs; empty: every type it has a processor for"},
                    [](auto& c) -> auto& { return c.worker.types; }));
  all.push_back(integer_setting({"worker.concurrency", "", "how many tasks run at once"}, {1, 1000},
                                [](auto& c) -> auto& { return c.worker.concurrency; }));
  all.push_back(length_setting<seconds>(
      {"worker.lease_seconds", "", "how long a claim holds without a heartbeat"}, {1, 86'400},
      [](auto& c) -> auto& { return c.worker.lease; }));
  all.push_back(length_setting<seconds>(
      {"worker.grace_seconds", "", "how long a stop waits for running tasks"}, {0, 86'400},
      [](auto& c) -> auto& { return c.worker.grace; }));
  all.push_back(length_setting<seconds>(
      {"worker.stop_grace_seconds", "",
       "how long a task that was asked to stop may take before it is given up"},
      {0, 3'600}, [](auto& c) -> auto& { return c.worker.stop_grace; }));
  all.push_back(integer_setting(
      {"worker.max_crashes", "", "leases that end without a word before the task ends FAILED"},
      {1, 1000}, [](auto& c) -> auto& { return c.worker.max_crashes; }));
  all.push_back(length_setting<milliseconds>(
      {"worker.poll_milliseconds", "", "how often an idle worker looks for tasks"}, {10, 60'000},
      [](auto& c) -> auto& { return c.worker.poll; }));
  all.push_back(length_setting<seconds>(
      {"worker.ageing_seconds", "",
       "a waiting priority gains one for each such wait; 0 switches that off"},
      {0, 31'536'000}, [](auto& c) -> auto& { return c.worker.ageing; }));
}

void add_retention(std::vector<Setting>& all) {
  all.push_back(
      duration_setting({"retention.completed", "", "how long new types keep COMPLETED tasks"},
                       [](auto& c) -> auto& { return c.retention.completed; }));
  all.push_back(duration_setting({"retention.failed", "", "how long new types keep FAILED tasks"},
                                 [](auto& c) -> auto& { return c.retention.failed; }));
  all.push_back(
      duration_setting({"retention.cancelled", "", "how long new types keep CANCELLED tasks"},
                       [](auto& c) -> auto& { return c.retention.cancelled; }));
  all.push_back(
      text_setting({"retention.export", "the path of a folder",
                    "where tasks are written before the retention deletes them; empty: nowhere"},
                   [](auto& c) -> auto& { return c.retention_export; }, {}));
}

void add_log(std::vector<Setting>& all) {
  all.push_back(
      choice_setting<LogLevel>({"log.level", "", "the least severe lines that are written"},
                               {{"debug", LogLevel::debug},
                                {"info", LogLevel::info},
                                {"warning", LogLevel::warning},
                                {"error", LogLevel::error}},
                               [](auto& c) -> auto& { return c.log.level; }));
  all.push_back(choice_setting<LogFormat>(
      {"log.format", "", "how lines are written; auto: text on a terminal, else JSON"},
      {{"auto", LogFormat::automatic}, {"json", LogFormat::json}, {"text", LogFormat::text}},
      [](auto& c) -> auto& { return c.log.format; }));
}

std::vector<Setting> make_fixed_settings() {
  std::vector<Setting> all;
  add_places(all);
  add_encryption(all);
  add_worker(all);
  add_retention(all);
  add_log(all);
  add_http_request_settings(all);
  return all;
}

std::string_view kind_name(SettingKind kind) {
  switch (kind) {
    case SettingKind::boolean:
      return "true or false";
    case SettingKind::integer:
      return "a whole number";
    case SettingKind::number:
      return "a number";
    case SettingKind::text:
      return "text";
    case SettingKind::list:
      return "a list";
  }
  return "";
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    if (comma > 0) parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

template <class Number>
Expected<SettingValue> parse_number(std::string_view text, SettingKind kind) {
  Number number{};
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc{} && stop == end) return number;
  return fail(ErrorCode::invalid_argument, std::string(kind_name(kind)));
}

struct ShowValue {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(double value) const { return fmt::format("{}", value); }
  std::string operator()(const std::string& value) const {
    return fmt::format("'{}'", printable(value));
  }
  std::string operator()(const std::vector<std::string>& value) const {
    return fmt::format("[{}]", printable(fmt::format("{}", fmt::join(value, ", "))));
  }
};

// A value that may hold a secret is not repeated: a key, or an address with a password in a form
// that may be misspelt.
std::string shown(const Setting& setting, const SettingValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  const bool address = text != nullptr && (text->contains('@') || text->contains("password"));
  const bool secret = address || setting.source == SettingSource::environment_only;
  return secret ? "something else" : std::visit(ShowValue{}, value);
}

SettingKind kind_of(const SettingValue& value) { return static_cast<SettingKind>(value.index()); }

}  // namespace

std::string Setting::variable() const {
  std::string name = "ESTEIRA_" + path;
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain) c = '_';
  }
  return name;
}

const std::vector<Setting>& fixed_settings() {
  static const auto all = make_fixed_settings();
  return all;
}

std::vector<Setting> settings_of(const Configuration& configuration) {
  auto all = fixed_settings();
  for (const auto& name : command_names(configuration))
    std::ranges::move(command_settings(name), std::back_inserter(all));
  return all;
}

Expected<SettingValue> parse_setting(const Setting& setting, std::string_view text) {
  switch (setting.kind) {
    case SettingKind::boolean:
      if (text == "true" || text == "1") return true;
      if (text == "false" || text == "0") return false;
      return fail(ErrorCode::invalid_argument, "true or false");
    case SettingKind::integer:
      return parse_number<std::int64_t>(text, setting.kind);
    case SettingKind::number:
      return parse_number<double>(text, setting.kind);
    case SettingKind::text:
      return std::string(text);
    case SettingKind::list:
      return split_list(text);
  }
  return fail(ErrorCode::internal, "a setting of no kind");
}

Expected<void> apply_setting(Configuration& configuration, const Setting& setting,
                             const SettingValue& value, const std::string& origin) {
  std::string why;
  if (kind_of(value) == setting.kind) {
    auto done = setting.set(configuration, value);
    if (done) {
      configuration.origins.insert_or_assign(setting.path, origin);
      return {};
    }
    why = std::move(done).error().message;
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("{}: {}: expected {}, got {}{}{}", origin, setting.path, setting.expected,
                          shown(setting, value), why.empty() ? "" : ": ", why));
}

}  // namespace esteira::cli
