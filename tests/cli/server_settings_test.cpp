#include "cli/server_settings.hpp"

#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "cli/remote_backend.hpp"
#include "support/expectations.hpp"
#include "support/temporary_directory.hpp"

namespace esteira::cli {
namespace {

using esteira::test::error_of;
using esteira::test::must;
using namespace std::chrono_literals;

class ServerSettingsTest : public testing::Test {
 protected:
  Expected<std::optional<ServerSettings>> read() {
    ConfigurationSources sources;
    sources.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment.find(name);
      return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
    return server_settings(globals, sources);
  }
  std::string file(std::string_view text) {
    const auto path = directory_.path() / "file";
    std::ofstream(path) << text;
    return path.string();
  }
  std::string refusal() {
    const auto error = error_of(read());
    EXPECT_EQ(error.code, ErrorCode::invalid_argument);
    return error.message;
  }

  GlobalOptions globals;
  std::map<std::string, std::string> environment;

 private:
  test::TemporaryDirectory directory_;
};

TEST_F(ServerSettingsTest, without_a_server_it_is_the_database) {
  EXPECT_FALSE(must(read()));
  environment["ESTEIRA_SERVER_URL"] = "";
  environment["ESTEIRA_KEY"] = "esk_x";
  EXPECT_FALSE(must(read()));
}

TEST_F(ServerSettingsTest, a_flag_beats_a_variable) {
  environment["ESTEIRA_SERVER_URL"] = "https://variable/";
  environment["ESTEIRA_KEY"] = "esk_variable";
  EXPECT_EQ(must(read())->base, "https://variable");
  EXPECT_EQ(must(read())->key, "esk_variable");
  globals.server = "https://flag";
  globals.key = "esk_flag";
  EXPECT_EQ(must(read())->base, "https://flag");
  EXPECT_EQ(must(read())->key, "esk_flag");
}

TEST_F(ServerSettingsTest, a_flag_chooses_between_a_server_and_a_database) {
  environment["ESTEIRA_SERVER_URL"] = "https://server";
  globals.database = "sqlite:x.db";
  EXPECT_FALSE(must(read()));
  globals.database.reset();
  environment["ESTEIRA_DATABASE_URL"] = "sqlite:x.db";
  EXPECT_NE(refusal().find("ESTEIRA_DATABASE_URL"), std::string::npos);
  globals.server = "https://flag";
  EXPECT_EQ(must(read())->base, "https://flag");
}

TEST_F(ServerSettingsTest, a_key_comes_from_a_file_too) {
  globals.server = "https://server";
  globals.key = "@" + file("esk_file\n");
  EXPECT_EQ(must(read())->key, "esk_file");
}

TEST_F(ServerSettingsTest, what_is_no_key_is_refused_and_not_repeated) {
  globals.server = "https://server";
  for (const auto* bad : {"", "two secrets", "secret\r\nHost: other", "secret\x01", "s\xC3\xBC"}) {
    globals.key = bad;
    EXPECT_EQ(refusal().find("secret"), std::string::npos);
    globals.key = "@" + file(bad);
    EXPECT_EQ(refusal().find("secret"), std::string::npos);
  }
  globals.key = "@/nowhere";
  EXPECT_NE(refusal().find("/nowhere"), std::string::npos);
}

TEST_F(ServerSettingsTest, a_key_goes_over_https_or_stays_on_this_machine) {
  globals.key = "esk_secret";
  for (const auto* good : {"https://example.com", "http://127.0.0.1:1", "http://localhost:1",
                           "http://LOCALHOST", "http://[::1]:1", "http://127.8.9.1"}) {
    globals.server = good;
    EXPECT_TRUE(read()) << good;
  }
  for (const auto* bad : {"http://example.com", "http://10.0.0.1", "http://127.0.0.1.example.com",
                          "http://localhost.example.com", "http://[::2]:1"}) {
    globals.server = bad;
    EXPECT_NE(refusal().find("https://"), std::string::npos) << bad;
  }
  globals.key.reset();
  EXPECT_TRUE(read());
}

TEST_F(ServerSettingsTest, a_key_without_a_server_is_a_mistake) {
  globals.key = "esk_secret";
  EXPECT_EQ(refusal().find("esk_secret"), std::string::npos);
  globals.key.reset();
  globals.ca_file = "ca.pem";
  refusal();
}

TEST_F(ServerSettingsTest, an_authority_must_be_readable) {
  globals.server = "https://server";
  globals.ca_file = file("PEM");
  EXPECT_EQ(must(read())->ca_file, globals.ca_file);
  globals.ca_file = "/nowhere.pem";
  EXPECT_NE(refusal().find("/nowhere.pem"), std::string::npos);
}

TEST(TypeChangeJson, what_is_given_is_sent_and_nothing_else) {
  EXPECT_EQ(to_text(type_change_to_json({})), "{}");
  EXPECT_EQ(to_text(type_change_to_json({.payload_schema = ""})), R"({"payload_schema":null})");
  EXPECT_EQ(to_text(type_change_to_json({.description = "",
                                         .max_retries = 0,
                                         .timeout = 1500ms,
                                         .back_off_base = 1s,
                                         .back_off_factor = 1.5,
                                         .back_off_cap = 2h,
                                         .back_off_jitter = false,
                                         .payload_schema = R"({ "a": 1 })",
                                         .retention_completed = 0s,
                                         .retention_failed = 1s,
                                         .retention_cancelled = 2s,
                                         .concurrency = 0,
                                         .rate = "none",
                                         .max_waiting = 5})),
            R"({"description":"","max_retries":0,"timeout_seconds":1.5,)"
            R"("back_off":{"base_seconds":1,"factor":1.5,"cap_seconds":7200,"jitter":false},)"
            R"("retention":{"completed_seconds":0,"failed_seconds":1,"cancelled_seconds":2},)"
            R"("concurrency":0,"rate":"none","max_waiting":5,"payload_schema":{"a":1}})");
}

}  // namespace
}  // namespace esteira::cli
