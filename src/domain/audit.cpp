#include "domain/audit.hpp"

namespace esteira {
namespace {

void append_number(std::string& bytes, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
}

void append_text(std::string& bytes, std::string_view text) {
  append_number(bytes, text.size());
  bytes += text;
}

void append_text(std::string& bytes, const std::optional<std::string>& text) {
  bytes += text ? '\1' : '\0';
  if (text) append_text(bytes, std::string_view{*text});
}

bool matches_its_hash(const AuditRecord& record) {
  return record.hash == audit_hash(record.previous_hash, record.at, record.entry);
}

}  // namespace

Sha256 audit_hash(const Sha256& previous, Time at, const AuditEntry& entry) {
  std::string bytes{"esteira audit 1\n"};
  for (const std::uint8_t byte : previous) bytes += static_cast<char>(byte);
  append_number(bytes, static_cast<std::uint64_t>(at.time_since_epoch().count()));
  append_text(bytes, std::string_view{entry.actor});
  append_text(bytes, std::string_view{entry.action});
  append_text(bytes, std::string_view{entry.target});
  append_text(bytes, entry.before);
  append_text(bytes, entry.after);
  append_text(bytes, std::string_view{entry.address});
  return sha256(bytes);
}

AuditRecord next_audit_record(const AuditHead& head, AuditEntry entry, Time at) {
  const Sha256 hash = audit_hash(head.hash, at, entry);
  return {.seq = head.seq + 1,
          .at = at,
          .entry = std::move(entry),
          .previous_hash = head.hash,
          .hash = hash};
}

std::string_view to_text(AuditBreak kind) {
  switch (kind) {
    case AuditBreak::edited:
      return "edited";
    case AuditBreak::deleted:
      return "deleted";
    case AuditBreak::inserted:
      return "inserted";
    case AuditBreak::reordered:
      return "reordered";
    case AuditBreak::unlinked:
      return "unlinked";
  }
  return "";
}

void AuditVerifier::add(const AuditRecord& record) {
  ++verdict_.records;
  if (bad_) return look_on(record);
  const bool good = record.seq == verdict_.head.seq + 1 &&
                    record.previous_hash == verdict_.head.hash && matches_its_hash(record);
  if (!good) return open_break(record);
  before_head_ = verdict_.head.hash;
  verdict_.head = {.seq = record.seq, .hash = record.hash};
  if (noted_ && noted_->seq == record.seq) noted_differs_ = noted_->hash != record.hash;
}

void AuditVerifier::open_break(const AuditRecord& record) {
  bad_ = record;
  // What is out of its number alone stands as its own successor.
  successor_seen_ = record.previous_hash == verdict_.head.hash && matches_its_hash(record);
}

void AuditVerifier::look_on(const AuditRecord& record) {
  const bool successor = record.previous_hash == verdict_.head.hash && matches_its_hash(record);
  successor_next_ = successor_next_ || (successor && !any_after_);
  successor_seen_ = successor_seen_ || successor;
  predecessor_seen_ = predecessor_seen_ || record.hash == bad_->previous_hash;
  twin_seen_ = twin_seen_ || record.hash == bad_->hash;
  any_after_ = true;
}

AuditPlace AuditVerifier::judge() const {
  const std::int64_t expected = verdict_.head.seq + 1;
  if (bad_->seq < expected) return {.seq = bad_->seq, .kind = AuditBreak::inserted};
  if (bad_->seq > expected) {
    return {.seq = expected, .kind = successor_seen_ ? AuditBreak::reordered : AuditBreak::deleted};
  }
  if (!matches_its_hash(*bad_)) {
    return {.seq = expected, .kind = successor_next_ ? AuditBreak::inserted : AuditBreak::edited};
  }
  // The record is whole and follows another than the head.
  const bool again = verdict_.head.seq > 0 && bad_->hash == verdict_.head.hash;
  if (again || twin_seen_) return {.seq = expected, .kind = AuditBreak::inserted};
  if (verdict_.head.seq > 0 && bad_->previous_hash == before_head_) {
    return {.seq = verdict_.head.seq, .kind = AuditBreak::inserted};
  }
  if (successor_seen_ && predecessor_seen_) {
    return {.seq = expected, .kind = AuditBreak::reordered};
  }
  return {.seq = expected, .kind = successor_next_ ? AuditBreak::inserted : AuditBreak::unlinked};
}

AuditVerdict AuditVerifier::finish() const {
  AuditVerdict verdict = verdict_;
  if (bad_) {
    verdict.broken = judge();
  } else if (noted_ && noted_->seq > verdict.head.seq) {
    verdict.broken = {.seq = verdict.head.seq + 1, .kind = AuditBreak::deleted};
  } else if (noted_differs_) {
    verdict.broken = {.seq = noted_->seq, .kind = AuditBreak::edited};
  }
  return verdict;
}

}  // namespace esteira
