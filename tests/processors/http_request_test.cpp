// HTTP_REQUEST against a real server on loopback.
#include "processors/http_request/http_request.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <latch>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "domain/limits.hpp"
#include "processors/fake_context.hpp"
#include "processors/test_server.hpp"

namespace esteira::processors {
namespace {

using test::Conversation;
using test::Ending;
using test::FakeContext;
using test::json;
using test::make_task;
using test::TestServer;
using namespace std::chrono_literals;

constexpr std::string_view secret_text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr auto ok = [](Conversation& conversation) { conversation.answer(200); };

HttpRequestOptions local() { return {.allow_private_addresses = true}; }

Ending run(HttpRequestProcessor& processor, const Json& payload) {
  FakeContext context;
  EXPECT_FALSE(test::refusal_of(processor, payload)) << to_text(payload);
  return test::ending_of(processor.process(make_task(payload), context));
}

Ending run(const Json& payload, const HttpRequestOptions& options = local()) {
  HttpRequestProcessor processor(options);
  return run(processor, payload);
}

// The ending against a server that answers so.
Ending ending_against(const TestServer::Handler& handler) {
  const TestServer server(handler);
  return run({{"url", server.url()}});
}

TEST(HttpRequest, a_json_body_is_posted_with_the_tasks_headers) {
  const TestServer server([](Conversation& conversation) {
    conversation.answer(201, R"({"id": 7})", "Content-Type: application/json\r\nX-Other: 1\r\n");
  });
  HttpRequestProcessor processor(local());
  FakeContext context;
  context.number = 3;
  auto task = make_task(
      {{"url", server.url("/a?b=c")}, {"body", {{"x", 1}}}, {"headers", {{"X-Mine", "yes"}}}});
  task.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const auto ending = test::ending_of(processor.process(task, context));

  ASSERT_TRUE(ending.completed) << ending.message;
  EXPECT_EQ(ending.result.at("status"), 201);
  EXPECT_EQ(ending.result.at("body"), json(R"({"id": 7})"));
  EXPECT_EQ(ending.result.at("headers"), json(R"({"content-type": "application/json"})"));
  EXPECT_TRUE(ending.result.at("duration_ms").is_int64());

  const auto request = server.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/a?b=c");
  EXPECT_EQ(request.body, R"({"x":1})");
  EXPECT_EQ(request.headers.at("content-type"), "application/json");
  EXPECT_EQ(request.headers.at("x-mine"), "yes");
  EXPECT_EQ(request.headers.at("esteira-task-id"), "42");
  EXPECT_EQ(request.headers.at("esteira-attempt"), "3");
  EXPECT_EQ(request.headers.at("traceparent"), *task.traceparent);
  for (const auto* absent : {"webhook-id", "webhook-signature", "accept-encoding", "expect",
                             "authorization", "cookie", "idempotency-key"}) {
    EXPECT_FALSE(request.headers.contains(absent)) << absent;
  }
}

TEST(HttpRequest, a_string_body_is_sent_as_it_is) {
  const TestServer server(ok);
  EXPECT_TRUE(run({{"url", server.url()}, {"body", "a=1&b=ç"}}).completed);
  EXPECT_TRUE(
      run({{"url", server.url()}, {"body", "<a/>"}, {"headers", {{"content-type", "text/xml"}}}})
          .completed);
  const auto requests = server.requests();
  EXPECT_EQ(requests.at(0).body, "a=1&b=ç");
  EXPECT_EQ(requests.at(0).headers.at("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(requests.at(1).headers.at("content-type"), "text/xml");
}

TEST(HttpRequest, each_method_goes_out_as_named) {
  const TestServer server(ok);
  for (const auto* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}) {
    const auto ending = run({{"url", server.url()}, {"method", method}});
    EXPECT_TRUE(ending.completed) << method << ": " << ending.message;
    const auto request = server.requests().back();
    EXPECT_EQ(request.method, method);
    EXPECT_EQ(request.body, "");
    EXPECT_FALSE(request.headers.contains("content-type")) << method;
  }
  for (const auto* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    run({{"url", server.url()}, {"method", method}, {"body", "text"}});
    EXPECT_EQ(server.requests().back().method, method);
    EXPECT_EQ(server.requests().back().body, "text");
  }
}

TEST(HttpRequest, without_a_body_it_is_a_get) {
  const TestServer server(ok);
  EXPECT_TRUE(run({{"url", server.url()}, {"body", nullptr}}).completed);
  EXPECT_EQ(server.requests().at(0).method, "GET");
}

TEST(HttpRequest, an_empty_header_is_sent_empty) {
  const TestServer server(ok);
  EXPECT_TRUE(
      run({{"url", server.url()}, {"headers", {{"X-Empty", ""}, {"Accept", ""}}}}).completed);
  EXPECT_EQ(server.requests().at(0).headers.at("x-empty"), "");
}

TEST(HttpRequest, every_attempt_is_signed_under_the_same_id) {
  const TestServer server(ok);
  auto options = local();
  options.secrets = {WebhookSecret::parse(secret_text).value()};
  run({{"url", server.url()}, {"body", {{"x", 1}}}}, options);
  run({{"url", server.url()}, {"body", {{"x", 1}}}}, options);
  const auto requests = server.requests();
  for (const auto& request : requests) {
    const auto& id = request.headers.at("webhook-id");
    EXPECT_EQ(id, "task_42");
    const auto seconds = std::stoll(request.headers.at("webhook-timestamp"));
    EXPECT_EQ(request.headers.at("webhook-signature"),
              webhook_signature(options.secrets,
                                {.id = id, .unix_seconds = seconds, .body = request.body}));
  }
  EXPECT_EQ(requests.size(), 2U);
}

TEST(HttpRequest, a_malformed_traceparent_is_left_out) {
  const TestServer server(ok);
  HttpRequestProcessor processor(local());
  FakeContext context;
  auto task = make_task({{"url", server.url()}});
  task.traceparent = "00-1\r\nX-Injected: 1";
  EXPECT_TRUE(test::ending_of(processor.process(task, context)).completed);
  EXPECT_FALSE(server.requests().at(0).headers.contains("traceparent"));
  EXPECT_FALSE(server.requests().at(0).headers.contains("x-injected"));
}

TEST(HttpRequest, bodies_become_json_text_or_nothing) {
  const std::vector<std::pair<std::string, Json>> cases{
      {R"({"a":[1,"ç"]})", json(R"({"a":[1,"ç"]})")},
      {"plain words", "plain words"},
      {"{broken", "{broken"},
      {R"({"a":1,"a":2})", R"({"a":1,"a":2})"},
      {"", nullptr},
      {"\xFF\xFE binary", nullptr},
      {std::string("nul\0byte", 8), nullptr}};
  for (const auto& [body, expected] : cases) {
    const auto ending =
        ending_against([&](Conversation& conversation) { conversation.answer(200, body); });
    ASSERT_TRUE(ending.completed) << ending.message;
    EXPECT_EQ(ending.result.at("body"), expected) << body;
  }
}

TEST(HttpRequest, the_largest_result_fits_its_limit) {
  const TestServer server([](Conversation& conversation) {
    std::string headers;
    for (const auto* name :
         {"ETag", "Location", "X-Request-Id", "Request-Id", "Content-Language"}) {
      headers += std::string(name) + ": " + std::string(2000, '\x01') + "\r\n";
    }
    conversation.answer(200, std::string(200'000, '\x01'), headers);
  });
  const auto ending = run({{"url", server.url()}});
  ASSERT_TRUE(ending.completed) << ending.message;
  EXPECT_EQ(ending.result.at("body").as_string().size(), local().response_body_bytes_max);
  EXPECT_LE(to_text(ending.result).size(), limits::result_bytes_max);
}

TEST(HttpRequest, an_endless_body_is_cut_at_its_limit) {
  const auto ending = ending_against([](Conversation& conversation) {
    conversation.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (conversation.send("1000\r\n" + std::string(0x1000, 'x') + "\r\n")) {
    }
    conversation.hang_up = true;
  });
  ASSERT_TRUE(ending.completed) << ending.message;
  EXPECT_EQ(ending.result.at("body").as_string().size(), local().response_body_bytes_max);
  EXPECT_EQ(ending.result.at("body_truncated"), true);
}

TEST(HttpRequest, text_is_cut_between_characters) {
  auto options = local();
  options.response_body_bytes_max = 4;
  const TestServer server([](Conversation& conversation) { conversation.answer(200, "abcçd"); });
  const auto ending = run({{"url", server.url()}}, options);
  EXPECT_EQ(ending.result.at("body"), "abc");
}

TEST(HttpRequest, a_compressed_body_is_not_unpacked) {
  const std::string packed("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x04\x00", 13);
  const auto ending = ending_against([&](Conversation& conversation) {
    conversation.answer(200, packed, "Content-Encoding: gzip\r\n");
  });
  ASSERT_TRUE(ending.completed) << ending.message;
  EXPECT_EQ(ending.result.at("body"), nullptr);
  EXPECT_EQ(ending.result.at("headers").at("content-encoding"), "gzip");
}

TEST(HttpRequest, the_headers_of_an_interim_answer_are_not_the_answers) {
  const auto ending = ending_against([](Conversation& conversation) {
    conversation.send("HTTP/1.1 103 Early Hints\r\nETag: early\r\n\r\n");
    conversation.answer(200, "x", "ETag: late\r\n");
  });
  ASSERT_TRUE(ending.completed) << ending.message;
  EXPECT_EQ(ending.result.at("status"), 200);
  EXPECT_EQ(ending.result.at("headers").at("etag"), "late");
}

TEST(HttpRequest, expected_status_replaces_2xx) {
  const TestServer server([](Conversation& conversation) {
    conversation.answer(std::stoi(conversation.request.target.substr(1)));
  });
  const auto ending = [&](const char* path, const Json& expected) {
    return run({{"url", server.url(path)}, {"expected_status", expected}});
  };
  EXPECT_TRUE(ending("/404", 404).completed);
  EXPECT_TRUE(ending("/302", {200, 302}).completed);
  EXPECT_TRUE(ending("/503", json("[503]")).completed);
  EXPECT_TRUE(ending("/200", 201).permanent);
  EXPECT_TRUE(ending("/500", 201).by_policy());
}

TEST(HttpRequest, statuses_decide_about_the_retry) {
  struct Case {
    int status;
    bool completed;
    bool permanent;
  };
  for (const auto& one :
       {Case{200, true, false}, Case{204, true, false}, Case{299, true, false},
        Case{301, false, true}, Case{304, false, true}, Case{400, false, true},
        Case{401, false, true}, Case{404, false, true}, Case{408, false, true},
        Case{422, false, true}, Case{429, false, false}, Case{500, false, false},
        Case{502, false, false}, Case{503, false, false}, Case{599, false, false}}) {
    const auto ending =
        ending_against([&](Conversation& conversation) { conversation.answer(one.status); });
    EXPECT_EQ(ending.completed, one.completed) << one.status;
    EXPECT_EQ(ending.permanent, one.permanent) << one.status;
    EXPECT_FALSE(ending.after) << one.status;
    if (!ending.completed) {
      EXPECT_NE(ending.message.find(std::to_string(one.status)), std::string::npos)
          << ending.message;
    }
  }
}

TEST(HttpRequest, retry_after_is_honoured_for_429_and_503) {
  const auto after = [](int status, const char* header) {
    return ending_against(
               [&](Conversation& conversation) { conversation.answer(status, "", header); })
        .after;
  };
  EXPECT_EQ(after(429, "Retry-After: 7\r\n"), Duration(7s));
  EXPECT_EQ(after(503, "retry-after: 120\r\n"), Duration(2min));
  EXPECT_EQ(after(503,
                  "Date: Wed, 25 Dec 2024 12:00:00 GMT\r\n"
                  "Retry-After: Wed, 25 Dec 2024 12:00:45 GMT\r\n"),
            Duration(45s));
  EXPECT_EQ(after(429, "Retry-After: 999999999\r\n"), local().retry_after_max);
  EXPECT_EQ(after(429, "Retry-After: later\r\n"), std::nullopt);
  EXPECT_EQ(after(500, "Retry-After: 7\r\n"), std::nullopt);
}

TEST(HttpRequest, a_redirect_is_not_followed) {
  const TestServer elsewhere(ok);
  const auto ending = ending_against([&](Conversation& conversation) {
    conversation.answer(307, "", "Location: " + elsewhere.url() + "\r\n");
  });
  EXPECT_TRUE(ending.permanent);
  EXPECT_NE(ending.message.find("redirect"), std::string::npos) << ending.message;
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST(HttpRequest, a_failure_quotes_the_answer_on_one_harmless_line) {
  const auto ending = ending_against([](Conversation& conversation) {
    conversation.answer(422, "bad\r\nnumber \x1b[31m\xC2\x9B" + std::string(5000, 'x'));
  });
  EXPECT_NE(ending.message.find("422: bad  number"), std::string::npos) << ending.message;
  EXPECT_EQ(ending.message.find_first_of("\r\n\x1b"), std::string::npos);
  EXPECT_EQ(ending.message.find("\xC2\x9B"), std::string::npos);
  EXPECT_LT(ending.message.size(), 1000U);
}

TEST(HttpRequest, a_message_names_the_origin_and_not_the_path) {
  const TestServer server([](Conversation& conversation) { conversation.answer(500); });
  const auto ending = run({{"url", server.url("/hooks/s3cret?key=k3y")}});
  EXPECT_NE(ending.message.find(fmt::format("http://127.0.0.1:{}", server.port())),
            std::string::npos);
  EXPECT_EQ(ending.message.find("s3cret"), std::string::npos) << ending.message;
  EXPECT_EQ(ending.message.find("k3y"), std::string::npos) << ending.message;
}

TEST(HttpRequest, broken_answers_are_tried_again) {
  const std::vector<std::string> answers{
      "",
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a length\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
      "HTTP/1.1 200 OK\r\nContent-Le",
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
      "HTTP/1.1 200 OK",
      "HTTP/1.1 100 Continue\r\n\r\n",
      "SSH-2.0-OpenSSH_9.2\r\n",
      std::string(200, '\0')};
  for (const auto& answer : answers) {
    const auto ending = ending_against([&](Conversation& conversation) {
      conversation.send(answer);
      conversation.hang_up = true;
    });
    EXPECT_TRUE(ending.by_policy()) << answer << ": " << ending.message;
    EXPECT_FALSE(ending.message.empty());
  }
}

TEST(HttpRequest, endless_headers_are_an_error) {
  const auto flood = [](std::string_view line) {
    return ending_against([line](Conversation& conversation) {
      conversation.send("HTTP/1.1 100 Continue\r\n");
      while (conversation.send(line)) {
      }
      conversation.hang_up = true;
    });
  };
  EXPECT_TRUE(flood("X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n").by_policy());
  EXPECT_TRUE(flood("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").by_policy());
  EXPECT_TRUE(flood("\r\nHTTP/1.1 100 Continue\r\nX: y\r\n").by_policy());
}

TEST(HttpRequest, a_silent_server_runs_into_the_time_limit) {
  const TestServer server([](Conversation& conversation) {
    conversation.wait_closed();
    conversation.hang_up = true;
  });
  const auto ending = run({{"url", server.url()}, {"timeout_seconds", 0.05}});
  EXPECT_TRUE(ending.by_policy());
  EXPECT_NE(ending.message.find("in time"), std::string::npos) << ending.message;
}

TEST(HttpRequest, a_server_that_drips_runs_into_the_time_limit) {
  const TestServer server([](Conversation& conversation) {
    conversation.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
    conversation.wait_closed();
    conversation.hang_up = true;
  });
  const auto ending = run({{"url", server.url()}, {"timeout_seconds", 0.05}});
  EXPECT_TRUE(ending.by_policy()) << ending.message;
}

TEST(HttpRequest, a_closed_port_is_tried_again) {
  int port = 0;
  {
    const TestServer server(ok);
    port = server.port();
  }
  EXPECT_TRUE(run({{"url", fmt::format("http://127.0.0.1:{}/", port)}}).by_policy());
}

TEST(HttpRequest, a_name_that_does_not_resolve_is_tried_again) {
  EXPECT_TRUE(run({{"url", "http://name.invalid/"}}).by_policy());
}

TEST(HttpRequest, a_stop_ends_a_request_that_waits) {
  std::latch asked(1);
  const TestServer server([&](Conversation& conversation) {
    asked.count_down();
    conversation.wait_closed();
    conversation.hang_up = true;
  });
  HttpRequestProcessor processor(local());
  FakeContext context;
  const std::jthread stopper([&] {
    asked.wait();
    context.stop.request_stop();
  });
  const auto task = make_task({{"url", server.url()}, {"timeout_seconds", 3600}});
  EXPECT_THROW(processor.process(task, context), TaskError);
}

TEST(HttpRequest, a_stop_that_came_before_sends_nothing) {
  const TestServer server(ok);
  HttpRequestProcessor processor(local());
  FakeContext context;
  context.stop.request_stop();
  EXPECT_THROW(processor.process(make_task({{"url", server.url()}}), context), TaskError);
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpRequest, a_proxy_in_the_environment_is_not_used) {
  const TestServer server(ok);
  const TestServer proxy(ok);
  const std::vector names{"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};
  for (const auto* name : names) setenv(name, proxy.url("").c_str(), 1);
  const auto ending = run({{"url", server.url()}});
  for (const auto* name : names) unsetenv(name);
  EXPECT_TRUE(ending.completed) << ending.message;
  EXPECT_EQ(proxy.connections(), 0);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpRequest, cookies_do_not_pass_from_one_task_to_another) {
  const TestServer server([](Conversation& conversation) {
    conversation.answer(200, "", "Set-Cookie: session=1; Path=/\r\n");
  });
  HttpRequestProcessor processor(local());
  run(processor, {{"url", server.url()}, {"headers", {{"Authorization", "Bearer x"}}}});
  run(processor, {{"url", server.url()}});
  EXPECT_FALSE(server.requests().at(1).headers.contains("cookie"));
  EXPECT_FALSE(server.requests().at(1).headers.contains("authorization"));
}

TEST(HttpRequest, a_connection_is_used_again) {
  const TestServer server(ok);
  HttpRequestProcessor processor(local());
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(run(processor, {{"url", server.url()}}).completed);
  EXPECT_EQ(server.requests().size(), 5U);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpRequest, many_threads_may_use_one_processor) {
  const TestServer server(
      [](Conversation& conversation) { conversation.answer(200, conversation.request.body); });
  HttpRequestProcessor processor(local());
  constexpr int threads = 8;
  constexpr int requests = 25;
  std::atomic<int> echoed = 0;
  {
    std::vector<std::jthread> callers;
    callers.reserve(threads);
    for (int thread = 0; thread < threads; ++thread) {
      callers.emplace_back([&, thread] {
        for (int i = 0; i < requests; ++i) {
          const Json body = {{"n", thread * requests + i}};
          FakeContext context;
          const auto ending = test::ending_of(
              processor.process(make_task({{"url", server.url()}, {"body", body}}), context));
          if (ending.completed && ending.result.at("body") == body) ++echoed;
        }
      });
    }
  }
  EXPECT_EQ(echoed, threads * requests);
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST(HttpRequest, requests_good_and_bad_leave_no_descriptor_open) {
  const TestServer server([](Conversation& conversation) {
    if (conversation.request.target == "/ok") return conversation.answer(200, "{}");
    conversation.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
    conversation.hang_up = true;
  });
  const auto before = open_descriptors();
  for (int round = 0; round < 20; ++round) {
    EXPECT_TRUE(run({{"url", server.url("/ok")}}).completed);
    EXPECT_TRUE(run({{"url", server.url("/broken")}}).by_policy());
    EXPECT_TRUE(run({{"url", server.url("/refused")}}, {}).permanent);
  }
  // The server's threads close their side a little later.
  while (open_descriptors() > before) std::this_thread::yield();
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace esteira::processors
