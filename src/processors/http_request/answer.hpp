// What an answer means for the task.
#pragma once

#include <span>
#include <string_view>

#include "esteira/processor.hpp"
#include "processors/http_request/transfer.hpp"

namespace esteira::processors {

struct AnswerRules {
  std::string_view origin;        // for messages
  std::span<const int> expected;  // empty: 200 to 299
  Duration retry_after_max{};
  Time now{};  // for a Retry-After without the server's own date
};

[[nodiscard]] TaskResult judge_answer(const HttpAnswer& answer, const AnswerRules& rules);

}  // namespace esteira::processors
