// NOOP: returns its payload; for trials and benchmarks.
#pragma once

#include "esteira/processor.hpp"

namespace esteira::processors {

class NoopProcessor final : public BaseProcessor {
 public:
  [[nodiscard]] std::string_view task_type() const override { return "NOOP"; }
  [[nodiscard]] std::string_view description() const override;
  Result process(const Task& task, ExecutionContext& context) override;
};

}  // namespace esteira::processors
