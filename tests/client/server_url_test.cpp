#include "client/server_url.hpp"

#include <gtest/gtest.h>

#include "support/expectations.hpp"

namespace esteira::client {
namespace {

using esteira::test::error_of;
using esteira::test::must;

TEST(ServerUrl, what_is_good_is_taken_apart) {
  const auto plain = must(parse_server_url("http://127.0.0.1:8080"));
  EXPECT_EQ(plain.base, "http://127.0.0.1:8080");
  EXPECT_EQ(plain.host, "127.0.0.1");
  EXPECT_FALSE(plain.secure);
  const auto proxied = must(parse_server_url("HTTPS://Example.com/tasks/here/"));
  EXPECT_EQ(proxied.base, "https://example.com/tasks/here");
  EXPECT_TRUE(proxied.secure);
  EXPECT_EQ(must(parse_server_url("http://[::1]:1/")).host, "[::1]");
}

TEST(ServerUrl, what_is_wrong_is_refused_without_being_repeated) {
  for (const auto* bad :
       {"", "secret", "127.0.0.1:8080", "ftp://secret", "sqlite:secret", "http://",
        "http:///secret", "http://user:secret@host", "http://secret@host", "http://host?secret",
        "http://host/#secret", "http://host:99999/secret", "http://ho st/secret",
        "http://host/secret\r\nX: y", "postgresql://host/secret"}) {
    const auto error = error_of(parse_server_url(bad));
    EXPECT_EQ(error.code, ErrorCode::invalid_argument) << bad;
    EXPECT_EQ(error.message.find("secret"), std::string::npos) << error.message;
  }
}

TEST(ServerUrl, a_segment_can_hold_anything) {
  EXPECT_EQ(percent_encoded("A-z_0.~"), "A-z_0.~");
  EXPECT_EQ(percent_encoded("a/b ?ü\n"), "a%2Fb%20%3F%C3%BC%0A");
}

}  // namespace
}  // namespace esteira::client
