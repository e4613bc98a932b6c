#include "processors/http_request/answer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/utf8.hpp"
#include "domain/limits.hpp"
#include "processors/http_request/retry_after.hpp"

namespace esteira::processors {
namespace {

constexpr std::size_t excerpt_bytes_max = 300;

// One line for an error message, without the control characters (also those above ASCII, which
// begin with 0xC2 in UTF-8) that could move the cursor of a terminal.
std::string excerpt(std::string_view body) {
  auto line = clean_text(body.substr(0, excerpt_bytes_max * 2), excerpt_bytes_max);
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto byte = static_cast<unsigned char>(line[i]);
    if (byte < 0x20 || byte == 0x7F) line[i] = ' ';
    if (byte != 0xC2 || static_cast<unsigned char>(line[i + 1]) > 0x9F) continue;
    line[i] = ' ';
    line[i + 1] = ' ';
  }
  return line;
}

// The text of a body that may have been cut in the middle of a character.
Json text_body(const HttpAnswer& answer) {
  std::string_view text = answer.body;
  const auto bad = find_invalid_utf8(text);
  const bool cut = answer.body_truncated && bad != std::string_view::npos && text.size() - bad < 4;
  if (cut) text = text.substr(0, bad);
  if (bad != std::string_view::npos && !cut) return nullptr;
  if (text.find('\0') != std::string_view::npos) return nullptr;
  return Json(boost::json::string(text));
}

// JSON where it is JSON, else text; null for bytes that are no text.
Json read_body(const HttpAnswer& answer) {
  if (answer.body.empty()) return nullptr;
  if (!answer.body_truncated) {
    auto parsed = parse_json(answer.body);
    if (parsed) return *std::move(parsed);
  }
  return text_body(answer);
}

Json make_result(const HttpAnswer& answer) {
  JsonObject headers;
  for (const auto& header : answer.headers) headers[header.name] = header.value;
  JsonObject result{{"status", answer.status},
                    {"headers", std::move(headers)},
                    {"body", read_body(answer)},
                    {"duration_ms", answer.duration.count() / 1000}};
  if (answer.body_truncated) result["body_truncated"] = true;
  return result;
}

bool is_expected(const HttpAnswer& answer, std::span<const int> expected) {
  if (expected.empty()) return answer.status >= 200 && answer.status <= 299;
  return std::ranges::find(expected, answer.status) != expected.end();
}

}  // namespace

TaskResult judge_answer(const HttpAnswer& answer, const AnswerRules& rules) {
  if (is_expected(answer, rules.expected)) return TaskResult::completed(make_result(answer));
  auto message = fmt::format("{} answered {}", rules.origin, answer.status);
  const auto status = answer.status;
  if (status >= 300 && status <= 399) {
    return TaskResult::failed(message + "; redirects are not followed", RetryNever{});
  }
  if (!answer.body.empty()) message += ": " + excerpt(answer.body);
  if (status == 429 || status == 503) {
    const auto delay = retry_after_delay(
        {.retry_after = answer.header("retry-after"), .date = answer.header("date")}, rules.now,
        rules.retry_after_max);
    if (delay) return TaskResult::failed(message, RetryAfter{*delay});
    return TaskResult::failed(message);
  }
  if (status >= 500) return TaskResult::failed(message);
  return TaskResult::failed(message, RetryNever{});
}

}  // namespace esteira::processors
