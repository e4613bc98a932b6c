#include "world/processor.hpp"

namespace esteira::sim {
namespace {

// Messages by which handle_failure, which sees no context, knows the script.
constexpr std::string_view throw_again = "simulated: handle_failure throws";
constexpr std::string_view give_up = "simulated: gives up";

TaskResult act(const SimContext& context) {
  const auto& script = context.script;
  if (context.broken) throw TaskError(*context.broken);
  if (context.stop_token().stop_requested() && script.ending != Ending::stubborn) {
    throw TaskError("simulated: stopped when asked to");
  }
  switch (script.ending) {
    case Ending::completes:
    case Ending::stubborn:
      return TaskResult::completed(JsonObject{{"ok", true}});
    case Ending::fails:
      throw std::runtime_error("simulated: fails");
    case Ending::fails_for_good:
      return TaskResult::failed("simulated: fails for good", RetryNever{});
    case Ending::fails_with_delay:
      throw TaskError("simulated", RetryAfter{script.delay});
    case Ending::throws_in_handle_failure:
      throw std::runtime_error(std::string(throw_again));
    case Ending::gives_up:
      throw std::runtime_error(std::string(give_up));
    case Ending::snoozes:
      return TaskResult::snoozed(script.delay);
    case Ending::cancels_itself:
      return TaskResult::cancelled("simulated: no longer wanted");
    case Ending::hangs:
    case Ending::ignores:
      break;
  }
  throw TaskError("simulated: came back by itself");
}

}  // namespace

void SimProcessor::validate_payload(const Payload& payload) const {
  const auto* object = payload.if_object();
  if (object == nullptr || !object->contains("order")) {
    throw InvalidPayload("a wish has an order", "/order");
  }
}

TaskResult SimProcessor::process(const Task& /*task*/, ExecutionContext& context) {
  return act(dynamic_cast<const SimContext&>(context));
}

FailureAction SimProcessor::handle_failure(const Task& /*task*/, const Failure& failure) {
  if (failure.message == throw_again) throw std::runtime_error("simulated: even here");
  if (failure.message == give_up) return GiveUp{};
  return UsePolicy{};
}

std::vector<BatchAnswer> SimProcessor::process_batch(std::span<const Task> tasks,
                                                     ExecutionContext& context) {
  const auto& simulated = dynamic_cast<const SimContext&>(context);
  std::vector<BatchAnswer> answers;
  for (const auto& task : tasks) {
    // A batch that fails leaves its last task without an answer.
    if (simulated.script.ending == Ending::fails && task.task_id == tasks.back().task_id) break;
    answers.push_back({task.task_id, act(simulated)});
  }
  return answers;
}

}  // namespace esteira::sim
