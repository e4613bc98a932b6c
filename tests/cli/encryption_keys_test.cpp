#include "cli/encryption_keys.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "cipher/keyring.hpp"
#include "support/expectations.hpp"
#include "support/temporary_directory.hpp"

namespace esteira::cli {
namespace {

using esteira::test::error_of;
using esteira::test::must;

constexpr std::string_view text =
    "5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e";

class EncryptionKeys : public testing::Test {
 protected:
  // What a setting names a key by that stands in a file of this mode.
  std::string in_file(const std::string& id, std::string_view content, unsigned mode = 0600) {
    const auto path = directory_.path() / id;
    std::ofstream(path) << content;
    std::filesystem::permissions(path, std::filesystem::perms{mode});
    return id + ":file:" + path.string();
  }
  Configuration configuration;

 private:
  test::TemporaryDirectory directory_;
};

TEST_F(EncryptionKeys, there_need_be_none) {
  EXPECT_EQ(must(read_keyring(configuration)), nullptr);
}

TEST_F(EncryptionKeys, the_first_file_enciphers_and_all_decipher) {
  configuration.encryption_keys = {in_file("2026b", std::string(text) + "\n"),
                                   in_file("2026a", std::string(32, 'k'), 0640)};
  configuration.encryption_secrets = {"2025a:" + std::string(text)};
  const auto keyring = must(read_keyring(configuration));
  EXPECT_EQ(keyring->current(), "2026b");
  EXPECT_EQ(keyring->ids(), (std::vector<std::string>{"2025a", "2026a", "2026b"}));
}

TEST_F(EncryptionKeys, a_file_that_everybody_may_read_or_change_is_refused) {
  for (const unsigned mode : {0644U, 0602U, 0606U}) {
    configuration.encryption_keys = {in_file("open", text, mode)};
    const auto error = error_of(read_keyring(configuration));
    EXPECT_EQ(error.code, ErrorCode::invalid_argument);
    EXPECT_NE(error.message.find("chmod 600"), std::string::npos) << error.message;
  }
}

TEST_F(EncryptionKeys, a_file_without_a_key_is_refused_and_not_repeated) {
  for (const std::string& content : {std::string("secret!"), std::string(2000, 's')}) {
    configuration.encryption_keys = {in_file("wrong", content)};
    const auto error = error_of(read_keyring(configuration));
    EXPECT_EQ(error.code, ErrorCode::invalid_argument);
    EXPECT_EQ(error.message.find(content), std::string::npos);
  }
  configuration.encryption_keys = {"gone:file:/nonexistent/key"};
  EXPECT_NE(error_of(read_keyring(configuration)).message.find("/nonexistent/key"),
            std::string::npos);
  configuration.encryption_keys = {"folder:file:/tmp"};
  EXPECT_EQ(error_of(read_keyring(configuration)).code, ErrorCode::invalid_argument);
}

TEST_F(EncryptionKeys, an_id_names_one_key) {
  configuration.encryption_keys = {in_file("a", text)};
  configuration.encryption_secrets = {"a:" + std::string(text)};
  EXPECT_EQ(error_of(read_keyring(configuration)).code, ErrorCode::invalid_argument);
}

TEST_F(EncryptionKeys, settings_are_checked_before_anything_is_opened) {
  for (const char* good : {"a:file:/x", "2026-a.b_c:file:x y"}) EXPECT_TRUE(check_key_file(good));
  for (const char* bad : {"", "a", "a:", "a:file:", ":file:/x", "a b:file:/x", "a:/x"}) {
    EXPECT_FALSE(check_key_file(bad)) << bad;
  }
  EXPECT_TRUE(check_key_text("a:" + std::string(text)));
  for (const char* bad : {"", "a", "a:", "a:short", ":5e"})
    EXPECT_FALSE(check_key_text(bad)) << bad;
}

}  // namespace
}  // namespace esteira::cli
