// A processor made of functions.
#pragma once

#include <atomic>
#include <functional>
#include <stop_token>
#include <string>

#include "esteira/processor.hpp"

namespace esteira::test {

class LambdaProcessor final : public BaseProcessor {
 public:
  using Process = std::function<Result(const Task&, ExecutionContext&)>;
  LambdaProcessor(std::string type, Process process)
      : type_(std::move(type)), process_(std::move(process)) {}

  [[nodiscard]] std::string_view task_type() const override { return type_; }
  [[nodiscard]] std::string_view payload_schema() const override { return schema; }
  void validate_payload(const Payload& payload) const override {
    if (validate) validate(payload);
  }
  Result process(const Task& task, ExecutionContext& context) override {
    return process_(task, context);
  }
  FailureAction handle_failure(const Task& task, const Failure& failure) override {
    return on_failure ? on_failure(task, failure) : FailureAction{UsePolicy{}};
  }

  std::string schema;
  std::function<void(const Payload&)> validate;
  std::function<FailureAction(const Task&, const Failure&)> on_failure;

 private:
  std::string type_;
  Process process_;
};

inline void until_stopped(const ExecutionContext& context) {
  std::atomic<bool> stopped = false;
  const std::stop_callback callback(context.stop_token(), [&] {
    stopped = true;
    stopped.notify_all();
  });
  stopped.wait(false);
}

// Waits until it is asked to stop, and has failed; a `Process`.
inline TaskResult wait_for_stop(const Task& /*task*/, ExecutionContext& context) {
  until_stopped(context);
  throw TaskError("asked to stop");
}

}  // namespace esteira::test
