// A server that nobody vouches for gets no request.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "processors/fake_context.hpp"
#include "processors/http_request/http_request.hpp"
#include "processors/tls_server.hpp"

namespace esteira::processors {
namespace {

TEST(Tls, a_certificate_that_nobody_vouches_for_ends_the_request) {
  test::TlsServer server;
  HttpRequestProcessor processor({.allow_private_addresses = true});
  test::FakeContext context;
  const auto url = fmt::format("https://localhost:{}/", server.port());
  const auto ending = test::ending_of(processor.process(test::make_task({{"url", url}}), context));
  EXPECT_TRUE(ending.by_policy());
  EXPECT_NE(ending.message.find("certificate"), std::string::npos) << ending.message;
  EXPECT_EQ(server.received(), "");
}

}  // namespace
}  // namespace esteira::processors
