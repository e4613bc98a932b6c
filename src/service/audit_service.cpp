#include "service/audit_service.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/utf8.hpp"
#include "domain/limits.hpp"
#include "esteira/json.hpp"

namespace esteira {
namespace {

Expected<void> check_text(std::string_view field, std::string_view text) {
  if (text.size() > limits::audit_text_bytes_max) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("the audit entry's {} is over the limit of {} bytes", field,
                            limits::audit_text_bytes_max));
  }
  if (text.find('\0') != std::string_view::npos ||
      find_invalid_utf8(text) != std::string_view::npos) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("the audit entry's {} is not valid UTF-8 without NUL", field));
  }
  return {};
}

Expected<void> check_state(std::string_view field, const std::optional<std::string>& text) {
  if (!text) return {};
  if (const auto json = parse_json(*text, {.bytes_max = limits::audit_json_bytes_max}); !json) {
    return fail(json.error().code,
                fmt::format("the audit entry's {}: {}", field, json.error().message));
  }
  return {};
}

}  // namespace

Expected<void> AuditService::append(const AuditEntry& entry) {
  ESTEIRA_TRY(check_text("actor", entry.actor));
  ESTEIRA_TRY(check_text("action", entry.action));
  ESTEIRA_TRY(check_text("target", entry.target));
  ESTEIRA_TRY(check_text("address", entry.address));
  ESTEIRA_TRY(check_state("before", entry.before));
  ESTEIRA_TRY(check_state("after", entry.after));
  ESTEIRA_TRY(repository_->append_audit(entry, clock_->now()));
  return {};
}

Expected<AuditPage> AuditService::list(std::optional<std::int64_t> cursor, int limit) {
  constexpr int limit_max = static_cast<int>(limits::page_items_max);
  if (limit < 1 || limit > limit_max) {
    return fail(ErrorCode::invalid_argument, fmt::format("limit must be from 1 to {}", limit_max));
  }
  // One more than asked for tells whether there is another page.
  AuditPage page{.items = ESTEIRA_TRY(repository_->audit_page(cursor, limit + 1)),
                 .next_cursor = std::nullopt};
  if (page.items.size() > static_cast<std::size_t>(limit)) {
    page.items.pop_back();
    page.next_cursor = page.items.back().seq;
  }
  return page;
}

Expected<AuditVerdict> AuditService::verify(const std::function<void(std::int64_t)>& progress,
                                            const std::optional<AuditHead>& noted) {
  AuditVerifier verifier{noted};
  // Also what stands below 1 is read.
  std::int64_t after = std::numeric_limits<std::int64_t>::min();
  while (true) {
    const auto records =
        ESTEIRA_TRY(repository_->audit_scan(after, static_cast<int>(limits::page_items_max)));
    for (const AuditRecord& record : records) verifier.add(record);
    if (progress) progress(verifier.finish().records);
    if (records.size() < limits::page_items_max) return verifier.finish();
    after = records.back().seq;
  }
}

}  // namespace esteira
