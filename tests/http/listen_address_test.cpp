#include "http/listen_address.hpp"

#include <gtest/gtest.h>

#include "support/expectations.hpp"

namespace esteira::http {
namespace {

using esteira::test::error_of;
using esteira::test::must;

TEST(ListenAddress, an_address_and_a_port_are_read_and_written) {
  for (const auto* text : {"127.0.0.1:8080", "localhost:1", "[::1]:65535", "0.0.0.0:0"}) {
    EXPECT_EQ(to_text(must(parse_listen_address(text))), text);
  }
}

TEST(ListenAddress, anything_else_is_refused) {
  for (const auto* text : {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                           "127.0.0.1:-1", "127.0.0.1:80x", "example.com:80", "::1:80", "[::1]",
                           "[127.0.0.1]:80", "[::1]x:80", "127.0.0.1:80 "}) {
    EXPECT_EQ(error_of(parse_listen_address(text)).code, ErrorCode::invalid_argument) << text;
  }
}

TEST(ListenAddress, only_this_machine_s_own_addresses_are_loopback) {
  for (const auto* text : {"127.0.0.1:1", "127.8.9.10:1", "[::1]:1", "localhost:1"}) {
    EXPECT_TRUE(is_loopback(must(parse_listen_address(text)))) << text;
  }
  for (const auto* text : {"0.0.0.0:1", "192.168.0.1:1", "[::]:1", "128.0.0.1:1", "[fe80::1]:1"}) {
    EXPECT_FALSE(is_loopback(must(parse_listen_address(text)))) << text;
  }
}

TEST(ListenAddress, a_host_header_of_another_name_is_no_loopback) {
  for (const auto* host :
       {"127.0.0.1", "127.0.0.1:8080", "localhost", "localhost:8080", "[::1]", "[::1]:8080"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const auto* host : {"", "example.com", "localhost.example.com", "127.0.0.1.example.com:80",
                           "192.168.0.1:8080", "[::1", "localhost@example.com"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

}  // namespace
}  // namespace esteira::http
