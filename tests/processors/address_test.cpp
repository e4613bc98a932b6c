// Which addresses are public, and that no spelling of another one is connected to.
#include "processors/http_request/address.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <netinet/in.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "processors/fake_context.hpp"
#include "processors/http_request/http_request.hpp"
#include "processors/test_server.hpp"

namespace esteira::processors {
namespace {

using test::Conversation;
using test::FakeContext;
using test::make_task;
using test::TestServer;

std::optional<std::string_view> class_of(const std::string& text) {
  sockaddr_storage storage{};
  if (text.find(':') == std::string::npos) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    EXPECT_EQ(inet_pton(AF_INET, text.c_str(), &in.sin_addr), 1) << text;
    std::memcpy(&storage, &in, sizeof in);
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &in.sin6_addr), 1) << text;
    std::memcpy(&storage, &in, sizeof in);
  }
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  return refused_address_class(reinterpret_cast<const sockaddr*>(&storage), sizeof storage);
}

struct Case {
  const char* address;
  const char* name;
};

constexpr std::array refused{Case{"0.0.0.0", "this-network"},
                             Case{"0.255.255.255", "this-network"},
                             Case{"10.0.0.0", "private"},
                             Case{"10.255.255.255", "private"},
                             Case{"100.64.0.0", "carrier-grade NAT"},
                             Case{"100.127.255.255", "carrier-grade NAT"},
                             Case{"127.0.0.1", "loopback"},
                             Case{"127.255.255.255", "loopback"},
                             Case{"169.254.0.1", "link-local"},
                             Case{"169.254.169.254", "link-local"},
                             Case{"172.16.0.0", "private"},
                             Case{"172.31.255.255", "private"},
                             Case{"192.0.0.1", "protocol"},
                             Case{"192.0.0.170", "protocol"},
                             Case{"192.0.2.1", "documentation"},
                             Case{"192.88.99.1", "6to4 relay"},
                             Case{"192.168.0.0", "private"},
                             Case{"192.168.255.255", "private"},
                             Case{"198.18.0.0", "benchmarking"},
                             Case{"198.19.255.255", "benchmarking"},
                             Case{"198.51.100.9", "documentation"},
                             Case{"203.0.113.9", "documentation"},
                             Case{"224.0.0.1", "multicast"},
                             Case{"239.255.255.255", "multicast"},
                             Case{"240.0.0.1", "reserved"},
                             Case{"255.255.255.254", "reserved"},
                             Case{"255.255.255.255", "broadcast"},
                             Case{"::", "unspecified"},
                             Case{"::1", "loopback"},
                             Case{"::2", "IPv4-compatible"},
                             Case{"::127.0.0.1", "IPv4-compatible"},
                             Case{"::ffff:127.0.0.1", "IPv4-mapped"},
                             Case{"::ffff:10.0.0.1", "IPv4-mapped"},
                             Case{"::ffff:8.8.8.8", "IPv4-mapped"},
                             Case{"::ffff:0:127.0.0.1", "reserved"},
                             Case{"64:ff9b::7f00:1", "NAT64"},
                             Case{"64:ff9b::808:808", "NAT64"},
                             Case{"64:ff9b:1::7f00:1", "NAT64"},
                             Case{"100::1", "discard"},
                             Case{"100:0:0:1::1", "reserved"},
                             Case{"2001::1", "Teredo"},
                             Case{"2001:2::1", "protocol"},
                             Case{"2001:10::1", "protocol"},
                             Case{"2001:20::1", "protocol"},
                             Case{"2001:1ff:ffff::", "protocol"},
                             Case{"2001:db8::1", "documentation"},
                             Case{"2002:7f00:1::1", "6to4"},
                             Case{"2002:a00:1::", "6to4"},
                             Case{"3fff::1", "documentation"},
                             Case{"3fff:fff::1", "documentation"},
                             Case{"4000::1", "reserved"},
                             Case{"5f00::1", "reserved"},
                             Case{"8000::1", "reserved"},
                             Case{"f000::1", "reserved"},
                             Case{"fc00::1", "unique local"},
                             Case{"fd00::2", "unique local"},
                             Case{"fdff:ffff::1", "unique local"},
                             Case{"fe00::1", "reserved"},
                             Case{"fe80::1", "link-local"},
                             Case{"febf::1", "link-local"},
                             Case{"fec0::1", "site-local"},
                             Case{"ff02::1", "multicast"},
                             Case{"ff0e::1", "multicast"}};

constexpr std::array accepted{
    "1.0.0.0",         "1.1.1.1",         "8.8.8.8",         "9.255.255.255",   "11.0.0.0",
    "100.63.255.255",  "100.128.0.0",     "126.255.255.255", "128.0.0.0",       "169.253.255.255",
    "169.255.0.0",     "172.15.255.255",  "172.32.0.0",      "191.255.255.255", "192.0.1.1",
    "192.0.3.1",       "192.88.98.1",     "192.167.255.255", "192.169.0.0",     "198.17.255.255",
    "198.20.0.0",      "198.51.101.0",    "203.0.112.0",     "223.255.255.255", "2000::1",
    "2001:200::1",     "2001:4860::8888", "2001:db7::1",     "2001:db9::1",     "2003::1",
    "2606:4700::1111", "2804:10::1",      "3ffe::1",         "3fff:1000::1"};

TEST(Address, what_is_not_public_unicast_has_a_class) {
  for (const auto& one : refused) {
    const auto name = class_of(one.address);
    EXPECT_EQ(name.value_or("none"), one.name) << one.address;
  }
}

TEST(Address, public_addresses_up_to_the_edges_of_the_ranges_are_accepted) {
  for (const auto* address : accepted) {
    EXPECT_EQ(class_of(address).value_or("none"), "none") << address;
  }
}

TEST(Address, an_address_of_an_unknown_family_is_refused) {
  sockaddr address{};
  address.sa_family = AF_UNIX;
  EXPECT_TRUE(refused_address_class(&address, sizeof address).has_value());
}

TEST(Address, a_truncated_address_is_refused) {
  sockaddr address{};
  address.sa_family = AF_INET6;
  EXPECT_TRUE(refused_address_class(&address, sizeof address).has_value());
}

// "{}" stands for the port of the server that must see no connection.
constexpr std::array spellings{"http://127.0.0.1:{}/",
                               "http://127.1:{}/",
                               "http://127.0.1:{}/",
                               "http://127.00.00.01:{}/",
                               "http://0177.0.0.1:{}/",
                               "http://0177.0.0.01:{}/",
                               "http://00000177.1:{}/",
                               "http://0x7f.0.0.1:{}/",
                               "http://0x7f.0x0.0x0.0x1:{}/",
                               "http://0X7F.1:{}/",
                               "http://0x7f000001:{}/",
                               "http://0x7F000001:{}/",
                               "http://2130706433:{}/",
                               "http://017700000001:{}/",
                               "http://0000017700000001:{}/",
                               "http://0:{}/",
                               "http://0.0.0.0:{}/",
                               "http://0x0:{}/",
                               "http://00.0.0:{}/",
                               "http://localhost:{}/",
                               "http://LOCALHOST:{}/",
                               "http://%31%32%37.0.0.1:{}/",
                               "http://127%2E0.0.1:{}/",
                               "http://%6c%6f%63alhost:{}/",
                               "http://[::1]:{}/",
                               "http://[0:0:0:0:0:0:0:1]:{}/",
                               "http://[0000::0001]:{}/",
                               "http://[::]:{}/",
                               "http://[::1%25lo]:{}/",
                               "http://[::127.0.0.1]:{}/",
                               "http://[::ffff:127.0.0.1]:{}/",
                               "http://[::FFFF:7f00:1]:{}/",
                               "http://[0:0:0:0:0:ffff:7f00:0001]:{}/",
                               "http://[::ffff:0:127.0.0.1]:{}/",
                               "http://[64:ff9b::127.0.0.1]:{}/",
                               "http://[64:ff9b::7f00:1]:{}/",
                               "http://[2002:7f00:1::]:{}/",
                               "http://[fe80::1%25lo]:{}/",
                               "http://user@127.0.0.1:{}/",
                               "http://user:word@127.0.0.1:{}/",
                               "http://example.com@127.0.0.1:{}/",
                               "http://example.com:80@127.0.0.1:{}/",
                               "http://@127.0.0.1:{}/",
                               "http://:@127.0.0.1:{}/",
                               "http://%40127.0.0.1:{}/",
                               "http://127.0.0.1:{}\\@example.com/",
                               "http://example.com\\@127.0.0.1:{}/",
                               "http://127.0.0.1:{}#@example.com/",
                               "http://127.0.0.1:{}?@example.com/",
                               "http://example.com#@127.0.0.1:{}/ ",
                               " http://127.0.0.1:{}/",
                               "http://127.0.0.1 :{}/",
                               "http://127.0.0.1\t:{}/",
                               "http://127.0.0.1\r\n:{}/",
                               "http:\\\\127.0.0.1:{}\\",
                               "http:/127.0.0.1:{}/",
                               "http:127.0.0.1:{}/",
                               "http:///127.0.0.1:{}/",
                               "//127.0.0.1:{}/",
                               "127.0.0.1:{}/",
                               "localhost:{}",
                               "hTTp://127.0.0.1:{}/",
                               "HTTPS://127.0.0.1:{}/",
                               "https://localhost:{}/",
                               "http+unix://127.0.0.1:{}/",
                               "ftp://127.0.0.1:{}/",
                               "ftps://127.0.0.1:{}/",
                               "gopher://127.0.0.1:{}/_GET%20/",
                               "dict://127.0.0.1:{}/",
                               "telnet://127.0.0.1:{}/",
                               "ldap://127.0.0.1:{}/",
                               "smtp://127.0.0.1:{}/",
                               "imap://127.0.0.1:{}/",
                               "tftp://127.0.0.1:{}/",
                               "mqtt://127.0.0.1:{}/",
                               "rtsp://127.0.0.1:{}/",
                               "scp://127.0.0.1:{}/",
                               "ws://127.0.0.1:{}/",
                               "file://127.0.0.1:{}/etc/passwd",
                               "file:///etc/passwd",
                               "data:,{}",
                               "http://\u2460\u2461\u2466.0.0.1:{}/",
                               "http://127\u30020\u30020\u30021:{}/",
                               "http://\uff11\uff12\uff17.0.0.1:{}/",
                               "http://loca\u017fhost:{}/",
                               "http://169.254.169.254/latest/meta-data/",
                               "http://2852039166/",
                               "http://0xa9fea9fe/",
                               "http://0251.0376.0251.0376/",
                               "http://[::ffff:a9fe:a9fe]/",
                               "http://10.0.0.1:{}/",
                               "http://10.1:{}/",
                               "http://0xa.0.0.1:{}/",
                               "http://172.16.0.1:{}/",
                               "http://192.168.0.1:{}/",
                               "http://100.64.0.1:{}/",
                               "http://[fc00::1]:{}/",
                               "http://[fd00:ec2::254]/",
                               "http://224.0.0.1:{}/",
                               "http://255.255.255.255:{}/",
                               "http://[ff02::1]:{}/"};

// Refused when the task is made or, for good, when it runs.
bool is_blocked(BaseProcessor& processor, const std::string& url) {
  const Json payload = {{"url", url}, {"timeout_seconds", 20}};
  if (test::refusal_of(processor, payload)) return true;
  FakeContext context;
  return test::ending_of(processor.process(make_task(payload), context)).permanent;
}

TEST(Address, no_spelling_of_an_address_that_is_not_public_is_connected_to) {
  const auto answer = [](Conversation& conversation) { conversation.answer(200); };
  const TestServer four(answer);
  const TestServer six(answer, "::1", four.port());
  HttpRequestProcessor processor({});
  for (const auto* spelling : spellings) {
    const auto url = fmt::format(fmt::runtime(spelling), four.port());
    EXPECT_TRUE(is_blocked(processor, url)) << url;
    EXPECT_EQ(four.connections(), 0) << url;
    EXPECT_EQ(six.connections(), 0) << url;
  }
}

// Whether such a name is known at all is up to the machine's resolver.
TEST(Address, a_dot_at_the_end_of_the_host_leads_nowhere_else) {
  const TestServer server([](Conversation& conversation) { conversation.answer(200); });
  HttpRequestProcessor processor({});
  for (const auto* spelling : {"http://127.0.0.1.:{}/", "http://localhost.:{}/"}) {
    FakeContext context;
    const auto url = fmt::format(fmt::runtime(spelling), server.port());
    const auto ending = test::ending_of(processor.process(make_task({{"url", url}}), context));
    EXPECT_FALSE(ending.completed) << url;
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(Address, the_same_spellings_reach_the_server_where_private_addresses_are_allowed) {
  const TestServer server([](Conversation& conversation) { conversation.answer(200); });
  HttpRequestProcessor processor({.allow_private_addresses = true});
  for (const auto* spelling :
       {"http://127.1:{}/", "http://0x7f000001:{}/", "http://2130706433:{}/",
        "http://localhost:{}/", "http://[::ffff:127.0.0.1]:{}/", "http://0:{}/"}) {
    const auto url = fmt::format(fmt::runtime(spelling), server.port());
    FakeContext context;
    const auto ending = test::ending_of(processor.process(make_task({{"url", url}}), context));
    EXPECT_TRUE(ending.completed) << url << ": " << ending.message;
  }
  EXPECT_GT(server.connections(), 0);
}

TEST(Address, a_refusal_names_the_class_and_not_the_address) {
  HttpRequestProcessor processor({});
  FakeContext context;
  const auto ending = test::ending_of(
      processor.process(make_task({{"url", "http://localhost:9/secret?token=1"}}), context));
  EXPECT_TRUE(ending.permanent);
  EXPECT_NE(ending.message.find("loopback"), std::string::npos) << ending.message;
  for (const auto* hidden : {"127.0.0.1", "::1", "secret", "token"}) {
    EXPECT_EQ(ending.message.find(hidden), std::string::npos) << ending.message;
  }
}

}  // namespace
}  // namespace esteira::processors
