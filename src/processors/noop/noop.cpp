#include "processors/noop/noop.hpp"

namespace esteira::processors {

// It has no schema: any payload is right, and a schema would cost a benchmark its check.
std::string_view NoopProcessor::description() const {
  return "Returns its payload; for trials and benchmarks";
}

TaskResult NoopProcessor::process(const Task& task, ExecutionContext& /*context*/) {
  return TaskResult::completed(task.payload);
}

}  // namespace esteira::processors
