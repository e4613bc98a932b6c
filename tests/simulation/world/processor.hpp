// The user code of the simulated workers: it does what the script in its context says.
#pragma once

#include <string>

#include "esteira/processor.hpp"
#include "world/script.hpp"

namespace esteira::sim {

// What a run hands to its processor. Notes are said by the runner, at their own virtual times.
class SimContext final : public ExecutionContext {
 public:
  SimContext(const Script& the_script, std::stop_token stop, int attempt, std::string key,
             std::optional<std::string> why_broken)
      : script(the_script),
        broken(std::move(why_broken)),
        stop_(std::move(stop)),
        attempt_(attempt),
        key_(std::move(key)) {}

  [[nodiscard]] Time deadline() const override { return {}; }
  [[nodiscard]] std::stop_token stop_token() const override { return stop_; }
  [[nodiscard]] int attempt() const override { return attempt_; }
  [[nodiscard]] std::string idempotency_key() const override { return key_; }
  void progress(double /*fraction*/, std::string_view /*text*/) override {}
  void log(LogLevel /*level*/, std::string_view /*text*/) override {}
  void checkpoint(const Json& /*state*/) override {}
  [[nodiscard]] const Json& last_checkpoint() const override { return none_; }
  std::int64_t reserve_number(std::string_view /*counter*/) override { return 0; }

  const Script& script;
  const std::optional<std::string> broken;

 private:
  std::stop_token stop_;
  int attempt_;
  std::string key_;
  Json none_;
};

class SimProcessor final : public BaseProcessor {
 public:
  SimProcessor(std::string type, int batch_size)
      : type_(std::move(type)), batch_size_(batch_size) {}

  [[nodiscard]] std::string_view task_type() const override { return type_; }
  void validate_payload(const Payload& payload) const override;
  Result process(const Task& task, ExecutionContext& context) override;
  FailureAction handle_failure(const Task& task, const Failure& failure) override;
  [[nodiscard]] int batch_size() const override { return batch_size_; }
  std::vector<BatchAnswer> process_batch(std::span<const Task> tasks,
                                         ExecutionContext& context) override;

 private:
  const std::string type_;
  const int batch_size_;
};

}  // namespace esteira::sim
