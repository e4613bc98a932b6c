// Sign-ins.
#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Sessions : public Contract {
 protected:
  Session put(std::string_view token) {
    const Session session{.token_hash = sha256(token),
                          .key_id = "0a1B2c3D4e5F",
                          .created_at = now(),
                          .seen_at = now(),
                          .expires_at = now() + Session::life_max};
    must(repository().put_session(session));
    return session;
  }
  [[nodiscard]] std::optional<Session> find(std::string_view token) {
    return must(repository().session(sha256(token)));
  }
};

TEST_P(Sessions, are_found_by_the_hash_of_their_token) {
  const Session first = put("first");
  const Session second = put("second");
  EXPECT_EQ(find("first"), first);
  EXPECT_EQ(find("second"), second);
  EXPECT_FALSE(find("third"));
}

TEST_P(Sessions, are_seen_forward_only) {
  const Time begun = now();
  put("a");
  pass(1h);
  must(repository().touch_session(sha256("a"), now()));
  must(repository().touch_session(sha256("a"), begun + 1s));
  must(repository().touch_session(sha256("nobody"), now()));
  EXPECT_EQ(find("a")->seen_at, now());
}

TEST_P(Sessions, are_removed_once_and_for_all) {
  put("a");
  put("b");
  must(repository().remove_session(sha256("a")));
  must(repository().remove_session(sha256("a")));
  EXPECT_FALSE(find("a"));
  EXPECT_TRUE(find("b"));
}

TEST_P(Sessions, are_cleared_away_after_their_time) {
  put("idle");
  pass(Session::idle_max - 1s);
  put("fresh");
  must(repository().maintain(now()));
  EXPECT_TRUE(find("idle"));
  pass(2s);
  must(repository().maintain(now()));
  EXPECT_FALSE(find("idle"));
  EXPECT_TRUE(find("fresh"));
  pass(Session::life_max);
  must(repository().touch_session(sha256("fresh"), now()));
  must(repository().maintain(now()));
  EXPECT_FALSE(find("fresh"));
}

INSTANTIATE_TEST_SUITE_P(Stores, Sessions, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
