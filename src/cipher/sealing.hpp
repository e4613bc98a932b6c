// Values of a task as they are stored: JSON that holds nothing but what was enciphered.
#pragma once

#include <string>
#include <string_view>

#include "cipher/aead.hpp"
#include "esteira/json.hpp"
#include "esteira/task.hpp"

namespace esteira {

enum class SealedField : std::uint8_t { payload, result, checkpoint };

// {"esteira_encrypted": "…"}: opens for this task and field only.
[[nodiscard]] std::string seal(const Secret& data_key, TaskId task_id, SealedField field,
                               std::string_view text);
// internal: it is no such object, was changed, or is of another task or field.
[[nodiscard]] Expected<std::string> unseal(const Secret& data_key, TaskId task_id,
                                           SealedField field, const Json& sealed);
[[nodiscard]] Expected<std::string> unseal(const Secret& data_key, TaskId task_id,
                                           SealedField field, std::string_view sealed);

// The same of what belongs to no task, under a key that is made for each from `root` and that
// opens under this name only.
[[nodiscard]] std::string seal_named(const Secret& root, std::string_view name,
                                     std::string_view text);
[[nodiscard]] Expected<std::string> unseal_named(const Secret& root, std::string_view name,
                                                 std::string_view sealed);

}  // namespace esteira
