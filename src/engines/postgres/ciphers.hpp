// The data keys of encrypted tasks, inside other changes.
#pragma once

#include <span>
#include <vector>

#include "engines/postgres/connection.hpp"
#include "repository/repository.hpp"

namespace esteira::postgres {

[[nodiscard]] Expected<void> put_ciphers(Runner& runner, std::span<const StoredCipher> ciphers);
// Of a task that waits: the cipher that its edit brought.
[[nodiscard]] Expected<void> write_cipher(Runner& runner, TaskId task_id, const TaskEditRow& edit);
// Its payload is plain from now on, and what the data key has enciphered goes with it.
[[nodiscard]] Expected<void> drop_cipher(Runner& runner, TaskId task_id);

}  // namespace esteira::postgres
