// esteira audit list | verify
#include <charconv>
#include <limits>
#include <memory>

#include <fmt/format.h>

#include "api/key_json.hpp"
#include "base/assert.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"
#include "domain/limits.hpp"
#include "service/audit_service.hpp"

namespace esteira::cli {
namespace {

struct ListOptions {
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> cursor;
};

Expected<int> list(const GlobalOptions& globals, const ListOptions& options) {
  const auto store = ESTEIRA_TRY(open_store(globals));
  AuditService audit(store.repository, store.clock);
  const auto page =
      ESTEIRA_TRY(audit.list(options.cursor, static_cast<int>(options.limit.value_or(50))));
  if (globals.json) {
    JsonArray all;
    for (const auto& record : page.items) all.push_back(api::audit_record_to_json(record));
    print_json(all);
    return status::done;
  }
  if (page.items.empty()) {
    print("no entries\n");
    return status::done;
  }
  Table table({{"SEQ", Align::right}, {"AT (UTC)"}, {"ACTOR"}, {"ACTION"}, {"TARGET"}, {"AFTER"}});
  for (const auto& record : page.items) {
    const auto& entry = record.entry;
    table.add({fmt::format("{}", record.seq), time_cell(record.at), printable(entry.actor),
               printable(entry.action), printable(entry.target),
               printable(entry.after.value_or("-"))});
  }
  print_table(table);
  if (page.next_cursor) print(fmt::format("\nolder ones: --cursor {}\n", *page.next_cursor));
  return status::done;
}

// "SEQ:HASH", as `verify` prints it.
Expected<AuditHead> parse_head(std::string_view text) {
  AuditHead head;
  const std::size_t colon = text.find(':');
  const std::string number{text.substr(0, colon)};
  const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), head.seq);
  if (colon == std::string_view::npos || code != std::errc{} ||
      end != number.data() + number.size() || head.seq < 0 ||
      !read_hex(text.substr(colon + 1), head.hash)) {
    return fail(ErrorCode::invalid_argument,
                "--head takes what an earlier `esteira audit verify` printed: SEQ:HASH");
  }
  return head;
}

std::string sentence(const AuditPlace& place) {
  switch (place.kind) {
    case AuditBreak::edited:
      return fmt::format("entry {} was edited", place.seq);
    case AuditBreak::deleted:
      return fmt::format("entries were deleted from {} on", place.seq);
    case AuditBreak::inserted:
      return fmt::format("entry {} was inserted", place.seq);
    case AuditBreak::reordered:
      return fmt::format("entries were reordered from {} on", place.seq);
    case AuditBreak::unlinked:
      return fmt::format(
          "entry {} does not follow from the one before it: that one was written "
          "anew, or entries between them are gone",
          place.seq);
  }
  return {};
}

Expected<int> verify(const GlobalOptions& globals, const std::optional<std::string>& head) {
  std::optional<AuditHead> noted;
  if (head) noted = ESTEIRA_TRY(parse_head(*head));
  const auto store = ESTEIRA_TRY(open_store(globals));
  const bool shows = stderr_is_terminal();
  const auto verdict = ESTEIRA_TRY(AuditService(store.repository, store.clock)
                                       .verify(
                                           [&](std::int64_t records) {
                                             if (!shows) return;
                                             fmt::print(stderr, "\rread {}", count_cell(records));
                                           },
                                           noted));
  if (shows) fmt::print(stderr, "\r\x1b[K");
  if (globals.json) {
    print_json(api::audit_verdict_to_json(verdict));
  } else if (verdict.sound()) {
    print(fmt::format("sound: {} entries\nhead: {}:{}\n", count_cell(verdict.records),
                      verdict.head.seq, to_hex(verdict.head.hash)));
  }
  if (verdict.sound()) return status::done;
  print_error({.message = "the audit trail is broken: " + sentence(*verdict.broken)});
  return status::failed;
}

}  // namespace

Verb audit_list_verb() {
  const auto options = std::make_shared<ListOptions>();
  return {.name = "audit list",
          .summary = "List who changed what, newest first",
          .example = "esteira audit list --limit 20",
          .declare =
              [options](Arguments& arguments) {
                arguments.integer({"--limit", "N", "how many (default 50)"},
                                  {1, static_cast<std::int64_t>(limits::page_items_max)},
                                  options->limit);
                arguments.integer({"--cursor", "C", "go on below this entry"},
                                  {1, std::numeric_limits<std::int64_t>::max()}, options->cursor);
              },
          .run = [options](const GlobalOptions& globals) { return list(globals, *options); }};
}

Verb audit_verify_verb() {
  const auto head = std::make_shared<std::optional<std::string>>();
  return {.name = "audit verify",
          .summary = "Check that nobody changed the audit trail",
          .example = "esteira audit verify",
          .declare =
              [head](Arguments& arguments) {
                arguments.text({"--head", "SEQ:HASH",
                                "that an earlier check printed: also finds a trail cut short"},
                               *head);
              },
          .run = [head](const GlobalOptions& globals) { return verify(globals, *head); }};
}

}  // namespace esteira::cli
