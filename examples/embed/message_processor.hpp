// The work of one type of task, as the design's example has it.
#pragma once

#include <esteira/esteira.hpp>
#include <string>
#include <string_view>

// Sends a message. This one only says that it did, so that the example needs no gateway.
class MessageProcessor : public esteira::BaseProcessor {
 public:
  std::string_view task_type() const override { return "MESSAGE_SEND"; }
  std::string_view description() const override { return "sends a message to a customer"; }

  void validate_payload(const Payload& payload) const override {
    const auto* object = payload.if_object();
    if (object == nullptr) throw esteira::InvalidPayload("expected an object");
    const auto* id = object->if_contains("message_id");
    if (id == nullptr || !id->is_int64()) {
      throw esteira::InvalidPayload("expected a whole number", "/message_id");
    }
    const auto* channel = object->if_contains("channel");
    if (channel == nullptr || !channel->is_string()) {
      throw esteira::InvalidPayload("expected the name of a channel", "/channel");
    }
  }

  Result process(const Task& task, ExecutionContext& context) override {
    const auto& payload = task.payload.as_object();
    const auto channel = std::string(payload.at("channel").as_string());
    context.log(esteira::LogLevel::info, "sending by " + channel);
    // The gateway refuses what it does not know: the same call never succeeds.
    if (channel == "pigeon") {
      throw esteira::TaskError("no gateway for the channel pigeon", esteira::RetryNever{});
    }
    context.progress(1.0, "handed to the gateway");
    return Result::completed(
        {{"message_id", payload.at("message_id")}, {"gateway_key", context.idempotency_key()}});
  }

  FailureAction handle_failure(const Task& task, const Failure& failure) override {
    // A gateway that is slow gets a rest of its own; everything else follows the type's policy.
    if (failure.timed_out && task.retries == 0) {
      return esteira::RetryAfter{std::chrono::minutes{5}};
    }
    return esteira::UsePolicy{};
  }
};
