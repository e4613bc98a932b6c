#include "processors/http_request/http_request.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "processors/http_request/answer.hpp"
#include "processors/http_request/payload.hpp"

namespace esteira::processors {
namespace {

void add_own_headers(const Task& task, const ExecutionContext& context, HttpExchange& exchange) {
  exchange.headers.push_back({"Esteira-Task-Id", std::to_string(task.task_id)});
  exchange.headers.push_back({"Esteira-Attempt", std::to_string(context.attempt())});
  const auto& trace = task.traceparent;
  if (trace && !trace->empty() && is_header_value(*trace)) {
    exchange.headers.push_back({"traceparent", *trace});
  }
}

// The id names the task and not the attempt, so that the receiver knows a repeated request.
void add_signature(const Task& task, std::span<const WebhookSecret> secrets, Time now,
                   HttpExchange& exchange) {
  if (secrets.empty()) return;
  const auto id = fmt::format("task_{}", task.task_id);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const auto signature =
      webhook_signature(secrets, {.id = id,
                                  .unix_seconds = seconds,
                                  .body = exchange.body ? *exchange.body : std::string_view()});
  exchange.headers.push_back({"webhook-id", id});
  exchange.headers.push_back({"webhook-timestamp", std::to_string(seconds)});
  exchange.headers.push_back({"webhook-signature", signature});
}

TaskResult judge_error(const ExchangeError& error, std::string_view origin) {
  const auto message = fmt::format("{}: {}", origin, error.message);
  switch (error.kind) {
    case ExchangeError::Kind::stopped:
      throw TaskError("stopped");
    case ExchangeError::Kind::refused_address:
      return TaskResult::failed(message, RetryNever{});
    case ExchangeError::Kind::network:
      break;
  }
  return TaskResult::failed(message);
}

}  // namespace

Expected<void> check_options(const HttpRequestOptions& options) {
  const auto in_range = [](Duration value, Duration least, Duration most) {
    return value >= least && value <= most;
  };
  if (!in_range(options.timeout, request_timeout_min, request_timeout_max)) {
    return fail(ErrorCode::invalid_argument, "timeout: 1 ms to 1 hour");
  }
  if (!in_range(options.connect_timeout, request_timeout_min, request_timeout_max)) {
    return fail(ErrorCode::invalid_argument, "connect_timeout: 1 ms to 1 hour");
  }
  if (!in_range(options.retry_after_max, std::chrono::seconds{1}, std::chrono::days{7})) {
    return fail(ErrorCode::invalid_argument, "retry_after_max: 1 second to 7 days");
  }
  if (options.response_body_bytes_max < 1 ||
      options.response_body_bytes_max > response_body_bytes_most) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("response_body_bytes_max: 1 to {}", response_body_bytes_most));
  }
  if (options.response_header_bytes_max < 1024 || options.response_header_bytes_max > 1024 * 1024) {
    return fail(ErrorCode::invalid_argument, "response_header_bytes_max: 1024 to 1048576");
  }
  return {};
}

HttpRequestProcessor::HttpRequestProcessor(const HttpRequestOptions& options)
    : options_(options), client_(options) {}

std::string_view HttpRequestProcessor::description() const {
  return "Sends an HTTP request; done when the answer is 2xx";
}

std::string_view HttpRequestProcessor::payload_schema() const { return http_request_schema(); }

void HttpRequestProcessor::validate_payload(const Payload& payload) const {
  static_cast<void>(read_http_request(payload));
}

TaskResult HttpRequestProcessor::process(const Task& task, ExecutionContext& context) {
  auto request = read_http_request(task.payload);
  const auto now = SystemClock().now();
  HttpExchange exchange{.url = std::move(request.url),
                        .method = std::move(request.method),
                        .headers = std::move(request.headers),
                        .body = std::move(request.body),
                        .timeout = request.timeout.value_or(options_.timeout)};
  add_own_headers(task, context, exchange);
  add_signature(task, options_.secrets, now, exchange);
  const auto answer = client_.run(exchange, context.stop_token());
  if (!answer) return judge_error(answer.error(), request.origin);
  return judge_answer(*answer, {.origin = request.origin,
                                .expected = request.expected_statuses,
                                .retry_after_max = options_.retry_after_max,
                                .now = SystemClock().now()});
}

}  // namespace esteira::processors
