// The audit trail: writing to it, reading it, checking it.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "domain/audit.hpp"
#include "repository/repository.hpp"

namespace esteira {

struct AuditPage {
  std::vector<AuditRecord> items;           // newest first
  std::optional<std::int64_t> next_cursor;  // for the next page, where there is one
};

// Thread-safe.
class AuditService {
 public:
  AuditService(std::shared_ptr<TaskRepository> repository, std::shared_ptr<const Clock> clock)
      : repository_(std::move(repository)), clock_(std::move(clock)) {}

  // `before` and `after` are small JSON, without secrets and payloads. invalid_argument where a
  // text is over its limit, is no UTF-8 or no JSON: a mistake of the program that calls.
  [[nodiscard]] Expected<void> append(const AuditEntry& entry);
  // invalid_argument where `limit` is not from 1 to limits::page_items_max.
  [[nodiscard]] Expected<AuditPage> list(std::optional<std::int64_t> cursor, int limit);
  // Reads the whole trail; `progress` is told now and then how many records were read. With a head
  // that was noted before, a trail that was cut short since is broken too.
  [[nodiscard]] Expected<AuditVerdict> verify(
      const std::function<void(std::int64_t)>& progress = {},
      const std::optional<AuditHead>& noted = std::nullopt);

 private:
  const std::shared_ptr<TaskRepository> repository_;
  const std::shared_ptr<const Clock> clock_;
};

}  // namespace esteira
