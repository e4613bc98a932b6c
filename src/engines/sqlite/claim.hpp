// Reads claims out of rows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/claim.hpp"
#include "engines/sqlite/connection.hpp"
#include "engines/sqlite/lease_book.hpp"

namespace esteira::sqlite {

// The columns of an order, which stand first in each statement that reads one: max_retries,
// scheduled_for_us, created_at_us, timeout_us, unique_key, traceparent, tags, payload, terms.
inline constexpr int order_columns = 9;
[[nodiscard]] Expected<void> read_order(const Query& row, Claim& claim);

// A JSON array of strings, as tags and a worker's types are stored.
[[nodiscard]] Expected<std::vector<std::string>> read_texts(std::string_view json);
[[nodiscard]] Expected<std::optional<std::string>> read_checkpoint(Connection& connection,
                                                                   TaskId task_id);
// The claim of a task that runs under `part`.
[[nodiscard]] Expected<Claim> read_open_claim(Connection& connection, const LeasePart& part,
                                              const HeldTask& task);

}  // namespace esteira::sqlite
