#include "api/record_json.hpp"

#include "api/task_json.hpp"

namespace esteira::api {
namespace {

Json line_to_json(const LogLine& line) {
  return JsonObject{{"attempt", line.attempt},
                    {"line", line.line},
                    {"at", time_to_json(line.at)},
                    {"level", to_text(line.level)},
                    {"text", line.text}};
}

Json mark_to_json(const std::optional<TaskRecord::Mark>& mark) {
  if (!mark) return nullptr;
  return JsonObject{{"after_attempt", mark->after_attempt}, {"at", time_to_json(mark->at)}};
}

}  // namespace

Json record_to_json(const TaskRecord& record) {
  auto json = task_to_json(record.task).as_object();
  JsonArray executions;
  for (const auto& execution : record.executions) {
    executions.push_back(execution_to_json(execution));
  }
  JsonArray log;
  for (const auto& line : record.log) log.push_back(line_to_json(line));
  JsonObject numbers;
  for (const auto& [counter, number] : record.numbers) numbers.emplace(counter, number);
  json.emplace("traceparent", text_or_null(record.task.traceparent));
  json.emplace("executions", std::move(executions));
  json.emplace("log", std::move(log));
  json.emplace("numbers", std::move(numbers));
  json.emplace("edited", mark_to_json(record.edited));
  json.emplace("retried", mark_to_json(record.reopened));
  return json;
}

}  // namespace esteira::api
