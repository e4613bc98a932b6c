// The audit trail: who changed what, in a chain of hashes that shows where it was tampered with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/sha256.hpp"
#include "esteira/time.hpp"

namespace esteira {

struct AuditEntry {
  std::string actor;                    // "key:ID", "loopback", "cli:USER"
  std::string action;                   // "task.cancel", "type.pause", "key.create"
  std::string target;                   // "42", "REPORT_BUILD"
  std::optional<std::string> before{};  // JSON text; never a secret, never a payload
  std::optional<std::string> after{};
  std::string address{};  // where the request came from, or ""
  friend bool operator==(const AuditEntry&, const AuditEntry&) = default;
};

struct AuditRecord {
  std::int64_t seq = 0;  // 1, 2, 3, … without a gap
  Time at{};
  AuditEntry entry;
  Sha256 previous_hash{};  // of the record before; zeros for the first
  Sha256 hash{};
  friend bool operator==(const AuditRecord&, const AuditRecord&) = default;
};

// The end of a chain, or any place in it: kept elsewhere, it shows a trail that was cut short or
// written anew.
struct AuditHead {
  std::int64_t seq = 0;  // 0: of an empty trail
  Sha256 hash{};
  friend bool operator==(const AuditHead&, const AuditHead&) = default;
};

// SHA-256 of the hash before, the time and each text with its length: no two entries are encoded
// alike. `seq` follows from the place in the chain.
[[nodiscard]] Sha256 audit_hash(const Sha256& previous, Time at, const AuditEntry& entry);
// The record that follows `head`.
[[nodiscard]] AuditRecord next_audit_record(const AuditHead& head, AuditEntry entry, Time at);

enum class AuditBreak : std::uint8_t {
  edited,     // the record does not match its hash
  deleted,    // records are missing from this seq on
  inserted,   // the record was put between two that follow each other
  reordered,  // the record stands in another's place
  // The record is sound and does not follow from the one before: records between them are gone, or
  // the one before was written anew with a hash of its own.
  unlinked,
};
[[nodiscard]] std::string_view to_text(AuditBreak kind);

struct AuditPlace {
  std::int64_t seq = 0;  // the first that is not as it was written
  AuditBreak kind = AuditBreak::edited;
  friend bool operator==(const AuditPlace&, const AuditPlace&) = default;
};

struct AuditVerdict {
  std::int64_t records = 0;  // that were read
  AuditHead head{};          // the last record that follows from all before it
  std::optional<AuditPlace> broken{};
  [[nodiscard]] bool sound() const { return !broken; }
};

// Reads a trail in the order of its seq. After the first bad record it goes on reading, to tell
// what was done to it.
class AuditVerifier {
 public:
  // With a place that was noted before, a trail that no longer has it is broken.
  explicit AuditVerifier(std::optional<AuditHead> noted = std::nullopt) : noted_(noted) {}

  void add(const AuditRecord& record);
  [[nodiscard]] AuditVerdict finish() const;

 private:
  void open_break(const AuditRecord& record);
  void look_on(const AuditRecord& record);
  [[nodiscard]] AuditPlace judge() const;

  std::optional<AuditHead> noted_;
  bool noted_differs_ = false;
  AuditVerdict verdict_;
  Sha256 before_head_{};  // the hash before the head's

  // The first bad record, and what came after it.
  std::optional<AuditRecord> bad_;
  bool any_after_ = false;
  bool successor_next_ = false;    // right after it, what truly follows the head
  bool successor_seen_ = false;    // after it, what truly follows the head
  bool predecessor_seen_ = false;  // after it, what it follows itself
  bool twin_seen_ = false;         // after it, the same record again
};

}  // namespace esteira
