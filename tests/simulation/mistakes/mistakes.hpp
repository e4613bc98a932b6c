// Deliberate mistakes, as decorators of the seams: each is a bug that this kind of system has had.
// They prove that the checks bite; the product is never edited.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "world/delegate.hpp"

namespace esteira::sim {

enum class Mistake : std::uint8_t {
  none,
  finish_without_fence,
  heartbeat_without_fence,
  attempt_counted_on_failure,
  commit_repeated_blindly,
  expired_without_paging,
};

[[nodiscard]] std::span<const std::string_view> mistake_names();
[[nodiscard]] std::optional<Mistake> parse_mistake(std::string_view name);

// The store with the mistake, or null where the mistake is none of the store's.
[[nodiscard]] std::unique_ptr<TaskRepository> mistaken_store(Mistake mistake,
                                                             TaskRepository& store);
// A process's way to the store with the mistake, or null where it is none of the process's.
[[nodiscard]] std::unique_ptr<TaskRepository> mistaken_client(Mistake mistake,
                                                              TaskRepository& repository);

std::unique_ptr<TaskRepository> finish_without_fence(TaskRepository& store);
std::unique_ptr<TaskRepository> heartbeat_without_fence(TaskRepository& store);
std::unique_ptr<TaskRepository> attempt_counted_on_failure(TaskRepository& store);
std::unique_ptr<TaskRepository> commit_repeated_blindly(TaskRepository& repository);
std::unique_ptr<TaskRepository> expired_without_paging(TaskRepository& repository);

}  // namespace esteira::sim
