// COMMAND_RUN: a program of the configuration, once for each attempt.
#pragma once

#include "esteira/processor.hpp"
#include "processors/command_run/options.hpp"

namespace esteira::processors {

class CommandRunProcessor final : public BaseProcessor {
 public:
  explicit CommandRunProcessor(CommandRunOptions options);

  [[nodiscard]] std::string_view task_type() const override { return "COMMAND_RUN"; }
  [[nodiscard]] std::string_view description() const override;
  [[nodiscard]] std::string_view payload_schema() const override;
  void validate_payload(const Payload& payload) const override;
  Result process(const Task& task, ExecutionContext& context) override;

 private:
  const CommandRunOptions options_;
};

}  // namespace esteira::processors
