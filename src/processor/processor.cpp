#include "esteira/processor.hpp"

#include <algorithm>

namespace esteira {

std::string_view to_text(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "info";
}

std::vector<BatchAnswer> BaseProcessor::process_batch(std::span<const Task> tasks,
                                                      ExecutionContext& context) {
  std::vector<BatchAnswer> answers;
  answers.reserve(tasks.size());
  for (const auto& task : tasks) answers.push_back({task.task_id, process(task, context)});
  return answers;
}

void ProcessorRegistry::add(std::shared_ptr<BaseProcessor> processor) {
  std::erase_if(all_, [&](const auto& one) { return one->task_type() == processor->task_type(); });
  all_.push_back(std::move(processor));
}

BaseProcessor* ProcessorRegistry::find(std::string_view type) const {
  const auto found =
      std::ranges::find_if(all_, [&](const auto& one) { return one->task_type() == type; });
  return found == all_.end() ? nullptr : found->get();
}

}  // namespace esteira
