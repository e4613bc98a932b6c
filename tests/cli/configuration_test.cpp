#include "cli/configuration.hpp"

#include <algorithm>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "cli/configuration_keys.hpp"
#include "support/expectations.hpp"
#include "support/temporary_directory.hpp"

namespace esteira::cli {
namespace {

using esteira::test::error_of;
using esteira::test::must;
using namespace std::chrono_literals;

class ConfigurationTest : public testing::Test {
 protected:
  void write(std::string_view text) { std::ofstream(path()) << text; }
  std::string path() const { return directory_.path() / "esteira.toml"; }

  Expected<Configuration> load() {
    ConfigurationSources sources;
    sources.file_candidates = {path()};
    sources.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment.find(name);
      if (found == environment.end()) return std::nullopt;
      return found->second;
    };
    sources.flags = flags;
    return load_configuration(sources);
  }
  // The message without the folder.
  std::string refusal() {
    auto error = error_of(load());
    EXPECT_EQ(error.code, ErrorCode::invalid_argument);
    const auto folder = directory_.path().string() + "/";
    const auto at = error.message.find(folder);
    if (at != std::string::npos) error.message.erase(at, folder.size());
    return error.message;
  }
  std::string refusal_of(std::string_view text) {
    write(text);
    return refusal();
  }

  std::map<std::string, std::string> environment;
  std::vector<FlagValue> flags;

 private:
  test::TemporaryDirectory directory_;
};

TEST_F(ConfigurationTest, without_a_file_the_defaults_hold) {
  const auto configuration = must(load());
  EXPECT_EQ(configuration.database_url, "sqlite:esteira.db");
  EXPECT_EQ(configuration.server_listen, "127.0.0.1:8080");
  EXPECT_EQ(configuration.worker.lease, 30s);
  EXPECT_FALSE(configuration.file);
  EXPECT_TRUE(configuration.origins.empty());
}

TEST_F(ConfigurationTest, a_file_that_was_named_must_exist) {
  ConfigurationSources sources;
  sources.file = path();
  sources.environment = [](const std::string&) { return std::nullopt; };
  EXPECT_EQ(error_of(load_configuration(sources)).code, ErrorCode::invalid_argument);
}

TEST_F(ConfigurationTest, flag_before_environment_before_file_before_default) {
  write("[worker]\nconcurrency = 2\nlease_seconds = 20\ngrace_seconds = 20\n");
  environment = {{"ESTEIRA_WORKER_CONCURRENCY", "3"}, {"ESTEIRA_WORKER_LEASE_SECONDS", "30"}};
  flags = {{"--concurrency", "worker.concurrency", "4"}};
  const auto configuration = must(load());
  EXPECT_EQ(configuration.worker.concurrency, 4);
  EXPECT_EQ(configuration.worker.lease, 30s);
  EXPECT_EQ(configuration.worker.grace, 20s);
  EXPECT_EQ(configuration.worker.poll, 1s);
  EXPECT_EQ(configuration.origins.at("worker.concurrency"), "--concurrency");
  EXPECT_EQ(configuration.origins.at("worker.lease_seconds"), "ESTEIRA_WORKER_LEASE_SECONDS");
  EXPECT_EQ(configuration.origins.at("worker.grace_seconds"), path() + ":4");
}

TEST_F(ConfigurationTest, every_kind_of_value_is_read) {
  write(R"([worker]
types = ["NOOP", "SEND_MESSAGE"]
[retention]
completed = "12h"
[log]
level = "warning"
format = "json"
[processors.http_request]
allow_private_addresses = true
[processors.command_run.commands.report]
program = "/usr/bin/report"
arguments = ["--quiet"]
environment = ["LANG=C.UTF-8", "EMPTY="]
timeout_seconds = 60
)");
  const auto configuration = must(load());
  EXPECT_EQ(configuration.worker.types, (std::vector<std::string>{"NOOP", "MESSAGE_SEND"}));
  EXPECT_EQ(configuration.retention.completed, 12h);
  EXPECT_EQ(configuration.log.level, LogLevel::warning);
  EXPECT_EQ(configuration.log.format, LogFormat::json);
  EXPECT_TRUE(configuration.processors.http_request.allow_private_addresses);
  const auto& command = configuration.processors.command_run.commands.at("report");
  EXPECT_EQ(command.program, "/usr/bin/report");
  EXPECT_EQ(command.arguments, std::vector<std::string>{"--quiet"});
  EXPECT_EQ(command.environment,
            (std::map<std::string, std::string>{{"EMPTY", ""}, {"LANG", "C.UTF-8"}}));
  EXPECT_EQ(command.limits.timeout, 60s);
}

TEST_F(ConfigurationTest, the_environment_speaks_for_a_command_that_the_file_names) {
  write("[processors.command_run.commands.night-report]\nprogram = \"/bin/a\"\n");
  environment = {{"ESTEIRA_PROCESSORS_COMMAND_RUN_COMMANDS_NIGHT_REPORT_PROGRAM", "/bin/b"}};
  const auto configuration = must(load());
  EXPECT_EQ(configuration.processors.command_run.commands.at("night-report").program, "/bin/b");
}

TEST_F(ConfigurationTest, an_unknown_key_is_refused_with_its_line_and_the_nearest_key) {
  EXPECT_EQ(refusal_of("[server]\nlistn = \"x\"\n"),
            "esteira.toml:2: server.listn: unknown key: did you mean server.listen?");
  EXPECT_TRUE(refusal_of("\n[nonsense]\nx = 1\n").starts_with("esteira.toml:2: nonsense: "));
  EXPECT_TRUE(
      refusal_of("[processors.command_run.commands.a]\nprogram = \"/a\"\nprogam = \"/b\"")
          .starts_with("esteira.toml:3: processors.command_run.commands.a.progam: unknown"));
}

TEST_F(ConfigurationTest, a_wrong_type_or_range_is_refused_with_its_line_and_what_was_expected) {
  EXPECT_EQ(refusal_of("[worker]\n\nconcurrency = \"5\"\n"),
            "esteira.toml:3: worker.concurrency: expected a whole number from 1 to 1000, got '5'");
  EXPECT_EQ(refusal_of("[worker]\nlease_seconds = 0\n"),
            "esteira.toml:2: worker.lease_seconds: expected a whole number from 1 to 86400, got 0");
  EXPECT_TRUE(refusal_of("[worker]\ntypes = [\"noop\"]\n").starts_with("esteira.toml:2: "));
  EXPECT_TRUE(refusal_of("[worker]\ntypes = [1]\n").starts_with("esteira.toml:2: "));
  EXPECT_TRUE(refusal_of("worker = 1\n").starts_with("esteira.toml:1: worker: expected a section"));
  EXPECT_TRUE(refusal_of("[log]\nlevel = \"loud\"\n").ends_with("got 'loud'"));
  EXPECT_TRUE(refusal_of("[retention]\nfailed = 7\n").starts_with("esteira.toml:2: "));
}

TEST_F(ConfigurationTest, what_is_no_toml_is_refused_with_its_line) {
  EXPECT_TRUE(refusal_of("[server]\nlisten = \n").starts_with("esteira.toml:2: "));
  EXPECT_TRUE(
      refusal_of("[log]\nlevel=\"info\"\nlevel=\"info\"\n").starts_with("esteira.toml:3: "));
}

TEST_F(ConfigurationTest, a_variable_that_is_wrong_is_named) {
  environment = {{"ESTEIRA_WORKER_CONCURRENCY", "many"}};
  EXPECT_EQ(refusal(),
            "ESTEIRA_WORKER_CONCURRENCY: expected a whole number from 1 to 1000, got 'many'");
}

TEST_F(ConfigurationTest, a_secret_does_not_stand_in_the_file_and_is_never_repeated) {
  const std::string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const auto in_file = refusal_of("[processors.http_request]\nsecrets = \"" + secret + "\"\n");
  EXPECT_TRUE(in_file.starts_with("esteira.toml:2: ")) << in_file;
  EXPECT_EQ(in_file.find(secret), std::string::npos);

  write("");
  environment = {{"ESTEIRA_PROCESSORS_HTTP_REQUEST_SECRETS", "whsec_tooshort"}};
  EXPECT_EQ(refusal().find("tooshort"), std::string::npos);

  environment = {{"ESTEIRA_PROCESSORS_HTTP_REQUEST_SECRETS", secret}};
  const auto configuration = must(load());
  EXPECT_EQ(configuration.processors.http_request.secrets.size(), 1U);
  for (const auto& setting : settings_of(configuration)) {
    EXPECT_EQ(setting.show(configuration).find(secret), std::string::npos) << setting.path;
  }
}

TEST_F(ConfigurationTest, a_password_in_a_wrong_address_is_not_repeated) {
  environment = {{"ESTEIRA_DATABASE_URL", "postgres:bob:hunter2@db/x"}};
  EXPECT_EQ(refusal().find("hunter2"), std::string::npos);
  environment = {{"ESTEIRA_DATABASE_URL", "host=db password=hunter2"}};
  EXPECT_EQ(refusal().find("hunter2"), std::string::npos);
}

TEST(RedactedUrl, no_password_is_left_and_the_rest_is) {
  EXPECT_EQ(redacted_url("sqlite:a/b.db"), "sqlite:a/b.db");
  EXPECT_EQ(redacted_url("postgresql://h:5432/d"), "postgresql://h:5432/d");
  EXPECT_EQ(redacted_url("postgresql://u@h/d"), "postgresql://u@h/d");
  EXPECT_EQ(redacted_url("postgresql://u:p@h/d"), "postgresql://u:***@h/d");
  EXPECT_EQ(redacted_url("postgresql://u:p@q@h/d"), "postgresql://u:***@h/d");
  EXPECT_EQ(redacted_url("postgresql:///d?user=u&password=p&host=/tmp"),
            "postgresql:///d?user=u&password=***&host=/tmp");
  EXPECT_EQ(redacted_url("postgresql://u:p%40@h/d?password=q"),
            "postgresql://u:***@h/d?password=***");
}

TEST(Settings, each_value_that_is_shown_is_read_back) {
  const Configuration defaults;
  for (const auto& setting : fixed_settings()) {
    const auto shown = setting.show(defaults);
    ASSERT_FALSE(shown.empty()) << setting.path;
    if (shown == "\"\"") continue;
    // Lists and texts are shown as TOML; the environment takes them without quotes.
    std::string text = shown;
    std::erase_if(text, [](char c) { return c == '"' || c == '[' || c == ']' || c == ' '; });
    Configuration changed;
    const auto value = must(parse_setting(setting, text));
    must(apply_setting(changed, setting, value, "here"));
    EXPECT_EQ(setting.show(changed), shown) << setting.path;
  }
}

TEST(Settings, no_two_share_a_variable) {
  std::map<std::string, std::string> seen;
  for (const auto& setting : fixed_settings()) {
    const auto [at, fresh] = seen.emplace(setting.variable(), setting.path);
    EXPECT_TRUE(fresh) << setting.path << " and " << at->second;
    EXPECT_EQ(setting.variable().find('.'), std::string::npos);
  }
  EXPECT_EQ(seen.at("ESTEIRA_SERVER_LISTEN"), "server.listen");
  EXPECT_EQ(seen.at("ESTEIRA_DATABASE_URL"), "database.url");
}

// docs/configuration.md holds a row for each setting and no other row.
std::vector<std::string> documented_rows() {
  std::ifstream file(ESTEIRA_DOCS "/configuration.md");
  std::vector<std::string> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| `")) rows.push_back(line);
  }
  return rows;
}

std::string row_of(const Setting& setting, const Configuration& configuration) {
  return "| `" + setting.path + "` | `" + setting.show(configuration) + "` | " + setting.expected +
         " | " + setting.meaning + " |";
}

TEST(Settings, the_documentation_says_the_same) {
  Configuration configuration;
  configuration.processors.command_run.commands["NAME"];
  std::vector<std::string> expected;
  for (const auto& setting : settings_of(configuration)) {
    expected.push_back(row_of(setting, configuration));
  }
  EXPECT_EQ(documented_rows(), expected);
}

}  // namespace
}  // namespace esteira::cli
