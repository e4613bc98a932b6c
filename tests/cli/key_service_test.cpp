#include "service/key_service.hpp"

#include <algorithm>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "esteira/repository.hpp"
#include "support/expectations.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_directory.hpp"

namespace esteira {
namespace {

using esteira::test::error_of;
using esteira::test::must;
using namespace std::chrono_literals;

class KeyServiceTest : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return (directory.path() / "esteira.db").string(); }
  // As another process sees the same file.
  [[nodiscard]] KeyService another() { return {must(open_repository("sqlite:" + path())), clock}; }
  [[nodiscard]] bool lets_in(const std::string& token) {
    const auto key = keys.authenticate(token);
    EXPECT_TRUE(key || key.error().code == ErrorCode::unauthorized);
    return key.has_value();
  }

  test::TemporaryDirectory directory;
  std::shared_ptr<TaskRepository> repository = must(open_repository("sqlite:" + path()));
  std::shared_ptr<test::ManualClock> clock =
      std::make_shared<test::ManualClock>(parse_time("2024-12-01T12:00:00Z"));
  KeyService keys{repository, clock};
};

TEST_F(KeyServiceTest, a_key_lets_in_whoever_has_its_token) {
  const auto made = must(keys.create("shop", {Scope::tasks_write}, 24h));
  EXPECT_EQ(made.key.name, "shop");
  EXPECT_EQ(made.key.expires_at, clock->now() + 24h);
  EXPECT_TRUE(parse_token(made.secret));
  const auto key = must(keys.authenticate(made.secret));
  EXPECT_EQ(key, made.key);
  EXPECT_TRUE(key.scopes.allows(Scope::tasks_write));
  EXPECT_EQ(must(another().authenticate(made.secret)), made.key);
}

TEST_F(KeyServiceTest, every_refusal_has_the_same_words) {
  const auto live = must(keys.create("live", {Scope::work}));
  const auto other = must(keys.create("other", {Scope::work}));
  const auto revoked = must(keys.create("revoked", {Scope::work}));
  const auto expired = must(keys.create("expired", {Scope::work}, 1s));
  must(keys.revoke(revoked.key.key_id));
  clock->advance(1s);
  const auto others_secret = parse_token(other.secret)->secret;
  const std::string unknown = token_text("AAAAAAAAAAAA", others_secret);
  const std::string crossed = token_text(live.key.key_id, others_secret);
  std::set<std::string> words;
  for (const auto& token : {std::string{}, std::string{"esk_"}, unknown, crossed, revoked.secret,
                            expired.secret, live.secret + "x"}) {
    const auto error = error_of(keys.authenticate(token));
    EXPECT_EQ(error.code, ErrorCode::unauthorized) << token;
    words.insert(error.message);
  }
  EXPECT_EQ(words.size(), 1U);
  EXPECT_TRUE(lets_in(live.secret));
}

TEST_F(KeyServiceTest, revoked_here_is_refused_at_once_and_elsewhere_within_five_seconds) {
  const auto made = must(keys.create("shop", {Scope::work}));
  auto elsewhere = another();
  must(elsewhere.authenticate(made.secret));
  EXPECT_TRUE(lets_in(made.secret));
  must(keys.revoke(made.key.key_id));
  EXPECT_FALSE(lets_in(made.secret));
  clock->advance(5s);
  EXPECT_EQ(error_of(elsewhere.authenticate(made.secret)).code, ErrorCode::unauthorized);
}

TEST_F(KeyServiceTest, made_elsewhere_a_moment_ago_lets_in) {
  EXPECT_FALSE(must(keys.any_key()));
  const auto made = must(another().create("shop", {Scope::work}));
  clock->advance(KeyService::refusal_pause);
  EXPECT_TRUE(lets_in(made.secret));
  EXPECT_TRUE(must(keys.any_key()));
}

TEST_F(KeyServiceTest, revoking_the_last_key_does_not_undo_that_there_was_one) {
  EXPECT_FALSE(must(keys.any_key()));
  const auto made = must(keys.create("shop", {Scope::work}));
  EXPECT_TRUE(must(keys.any_key()));
  must(keys.revoke(made.key.key_id));
  EXPECT_TRUE(must(keys.any_key()));
  EXPECT_TRUE(must(another().any_key()));
}

TEST_F(KeyServiceTest, the_last_use_is_written_when_asked) {
  const auto made = must(keys.create("shop", {Scope::work}));
  must(keys.authenticate(made.secret));
  clock->advance(1min);
  must(keys.authenticate(made.secret));
  EXPECT_EQ(must(another().list()).at(0).last_used_at, std::nullopt);
  keys.flush_last_use();
  EXPECT_EQ(must(another().list()).at(0).last_used_at, clock->now());
  EXPECT_EQ(must(keys.list()).at(0).name, "shop");
}

TEST_F(KeyServiceTest, what_a_key_can_t_be_is_refused_by_its_field) {
  const auto pointer = [](const auto& answer) { return error_of(answer).fields.at(0).pointer; };
  EXPECT_EQ(pointer(keys.create("", {Scope::work})), "/name");
  EXPECT_EQ(pointer(keys.create(std::string(101, 'x'), {Scope::work})), "/name");
  EXPECT_EQ(pointer(keys.create("a\nb", {Scope::work})), "/name");
  EXPECT_EQ(pointer(keys.create("\xFF", {Scope::work})), "/name");
  EXPECT_EQ(pointer(keys.create("a", {})), "/scopes");
  EXPECT_EQ(pointer(keys.create("a", {Scope::work}, 0s)), "/expires_in");
  EXPECT_EQ(pointer(keys.create("a", {Scope::work}, 24h * 366 * 10)), "/expires_in");
  EXPECT_TRUE(must(keys.list()).empty());
}

TEST_F(KeyServiceTest, revoking_what_is_not_there_says_so) {
  for (const std::string id : {"AAAAAAAAAAAA", "", "x", "\xFF"}) {
    EXPECT_EQ(error_of(keys.revoke(id)).code, ErrorCode::not_found);
  }
}

TEST_F(KeyServiceTest, many_threads_ask_and_revoke_at_once) {
  const auto made = must(keys.create("shop", {Scope::work}));
  test::run_together(4, [&](int thread) {
    for (int turn = 0; turn < 50; ++turn) {
      if (thread == 0 && turn == 25) must(keys.revoke(made.key.key_id));
      static_cast<void>(keys.authenticate(made.secret));
      clock->advance(1s);
    }
    EXPECT_TRUE(thread != 0 || !lets_in(made.secret));
  });
  EXPECT_FALSE(lets_in(made.secret));
}

// The store's files while they are open: the database, its log and its shared memory.
TEST_F(KeyServiceTest, no_secret_is_in_any_file) {
  const auto made = must(keys.create("findable", {Scope::work}));
  must(keys.authenticate(made.secret));
  keys.flush_last_use();
  const std::string secret{parse_token(made.secret)->secret};
  std::string all;
  for (const auto& file : std::filesystem::directory_iterator(directory.path())) {
    std::ifstream stream(file.path(), std::ios::binary);
    all.append(std::istreambuf_iterator<char>{stream}, {});
  }
  EXPECT_NE(all.find("findable"), std::string::npos) << "the key itself is there";
  EXPECT_EQ(all.find(secret), std::string::npos);
  EXPECT_EQ(all.find(secret.substr(0, 16)), std::string::npos);
}

}  // namespace
}  // namespace esteira
