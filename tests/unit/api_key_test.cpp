// The keys' scopes, and the token that a client sends.
#include "domain/api_key.hpp"

#include <set>

#include <gtest/gtest.h>

#include "support/expectations.hpp"
#include "support/seeded_random.hpp"

namespace esteira::test {
namespace {

std::string chance_text(SeededRandom& random, std::size_t size) {
  std::string text;
  while (text.size() < size) {
    text +=
        token_signs[static_cast<std::size_t>(random.below(static_cast<int>(token_signs.size())))];
  }
  return text;
}

std::string chance_token(SeededRandom& random) {
  const std::string id = chance_text(random, key_id_size);
  return token_text(id, chance_text(random, key_secret_size));
}

TEST(ScopeText, each_scope_is_read_as_it_is_written) {
  std::set<std::string_view> texts;
  for (const Scope scope : all_scopes) {
    EXPECT_EQ(must(parse_scope(to_text(scope))), scope);
    texts.insert(to_text(scope));
  }
  EXPECT_EQ(texts,
            (std::set<std::string_view>{"tasks:read", "tasks:write", "work", "metrics", "admin"}));
}

TEST(ScopeText, sets_are_written_in_one_order) {
  EXPECT_EQ(to_text(must(parse_scopes("work,tasks:read,work"))), "tasks:read,work");
  EXPECT_EQ(must(parse_scopes("admin")), ScopeSet{Scope::admin});
}

TEST(ScopeText, what_is_no_scope_is_refused_by_its_name) {
  for (const std::string text : {"", "tasks", "tasks:read,", ",work", "Admin", "work metrics"}) {
    EXPECT_EQ(error_of(parse_scopes(text)).code, ErrorCode::invalid_argument) << text;
  }
  EXPECT_NE(error_of(parse_scopes("work,tasks:all")).message.find("'tasks:all'"),
            std::string::npos);
}

TEST(Scopes, a_scope_allows_itself_alone_and_admin_allows_all) {
  const ScopeSet reader{Scope::tasks_read};
  EXPECT_TRUE(reader.allows(Scope::tasks_read));
  EXPECT_FALSE(reader.allows(Scope::tasks_write));
  EXPECT_FALSE(reader.allows(Scope::admin));
  for (const Scope scope : all_scopes) EXPECT_TRUE(ScopeSet{Scope::admin}.allows(scope));
}

TEST(ApiKey, is_live_until_its_end_or_its_revocation) {
  const Time start = parse_time("2026-03-01T12:00:00Z");
  ApiKey key{.key_id = "a", .name = "n", .scopes = {}, .created_at = start};
  EXPECT_TRUE(key.live(start));
  key.expires_at = start + std::chrono::seconds{1};
  EXPECT_TRUE(key.live(start));
  EXPECT_FALSE(key.live(start + std::chrono::seconds{1}));
  key.expires_at.reset();
  key.revoked_at = start;
  EXPECT_FALSE(key.live(start));
}

TEST(TokenText, is_of_one_length_and_read_as_it_was_written) {
  SeededRandom random{11};
  for (int draw = 0; draw < 200; ++draw) {
    const std::string id = chance_text(random, key_id_size);
    const std::string secret = chance_text(random, key_secret_size);
    const std::string text = token_text(id, secret);
    EXPECT_EQ(text.size(), token_size);
    const auto token = parse_token(text);
    ASSERT_TRUE(token) << text;
    EXPECT_EQ(token->key_id, id);
    EXPECT_EQ(token->secret, secret);
  }
}

TEST(TokenText, has_a_checksum_that_stays_the_same) {
  EXPECT_EQ(token_text("AAAAAAAAAAAA", std::string(key_secret_size, 'b')),
            "esk_AAAAAAAAAAAA_" + std::string(key_secret_size, 'b') + "1Hrdpv");
}

TEST(TokenText, with_one_sign_changed_is_no_token) {
  SeededRandom random{12};
  for (int draw = 0; draw < 20; ++draw) {
    const std::string text = chance_token(random);
    for (std::size_t at = 0; at < text.size(); ++at) {
      std::string changed = text;
      changed[at] = text[at] == 'x' ? 'y' : 'x';
      EXPECT_FALSE(parse_token(changed)) << changed;
    }
  }
}

TEST(TokenText, of_another_form_is_no_token) {
  SeededRandom random{13};
  const std::string text = chance_token(random);
  EXPECT_FALSE(parse_token(""));
  EXPECT_FALSE(parse_token("esk_"));
  EXPECT_FALSE(parse_token(text.substr(1)));
  EXPECT_FALSE(parse_token(text + "0"));
  EXPECT_FALSE(parse_token(text.substr(0, text.size() - 1)));
  EXPECT_FALSE(parse_token(std::string(token_size, '\0')));
  // Sound in its sum, wrong in its signs.
  EXPECT_FALSE(parse_token(token_text("AAAAAAAAAAA-", std::string(key_secret_size, 'b'))));
  EXPECT_FALSE(parse_token(token_text("AAAAAAAAAAAA", std::string(key_secret_size, '_'))));
}

}  // namespace
}  // namespace esteira::test
