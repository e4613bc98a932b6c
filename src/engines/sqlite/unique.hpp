// Unique keys: who holds one, and from when to when.
#pragma once

#include <optional>
#include <string_view>

#include "engines/sqlite/connection.hpp"
#include "engines/sqlite/waiting.hpp"
#include "repository/repository.hpp"

namespace esteira::sqlite {

// Takes the key for the task; false: another task holds it.
[[nodiscard]] Expected<bool> take_key(Connection& connection, const WaitingTask& task,
                                      std::string_view key, const TaskTerms& terms, Time now);
[[nodiscard]] Expected<TaskId> holder_of(Connection& connection, TypeId type_id,
                                         std::string_view key);
// The flags of a new task: what its start and its end have to look after.
[[nodiscard]] int key_flags(const NewTaskRow& row);
// Releases the keys that are held until their task starts.
[[nodiscard]] Expected<void> start_key(Connection& connection, const Claim& claim);

[[nodiscard]] Expected<TaskTerms> read_terms(Connection& connection, TaskId task_id);
[[nodiscard]] Expected<void> write_terms(Connection& connection, TaskId task_id,
                                         const TaskTerms& terms);

// A holder that waits takes what the row asks for; false: it does not wait.
[[nodiscard]] Expected<bool> replace_waiting(Connection& connection, TaskId holder,
                                             const NewTaskRow& row, Time now);

}  // namespace esteira::sqlite
