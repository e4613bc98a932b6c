// The audit trail's chain: each way of tampering with it is found, and where.
#include "domain/audit.hpp"

#include <algorithm>
#include <ostream>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "support/seeded_random.hpp"

namespace esteira::test {
namespace {

using Trail = std::vector<AuditRecord>;

const Time start = parse_time("2026-03-01T12:00:00Z");

AuditEntry entry(int number) {
  return {.actor = "cli:ana",
          .action = "task.cancel",
          .target = std::to_string(number),
          .before = R"({"status":"PENDING"})",
          .after = R"({"status":"CANCELLED"})",
          .address = "10.0.0.1"};
}

Trail trail_of(int count) {
  Trail trail;
  AuditHead head;
  for (int number = 1; number <= count; ++number) {
    trail.push_back(next_audit_record(head, entry(number), start + std::chrono::seconds{number}));
    head = {.seq = trail.back().seq, .hash = trail.back().hash};
  }
  return trail;
}

AuditVerdict verify(const Trail& trail, std::optional<AuditHead> noted = std::nullopt) {
  AuditVerifier verifier{noted};
  for (const AuditRecord& record : trail) verifier.add(record);
  return verifier.finish();
}

void number_anew(Trail& trail) {
  for (std::size_t at = 0; at < trail.size(); ++at) {
    trail[at].seq = static_cast<std::int64_t>(at) + 1;
  }
}

AuditPlace place(std::size_t at, AuditBreak kind) {
  return {.seq = static_cast<std::int64_t>(at) + 1, .kind = kind};
}

std::string words(const std::optional<AuditPlace>& found) {
  if (!found) return "sound";
  return std::string{to_text(found->kind)} + " at " + std::to_string(found->seq);
}

TEST(AuditHash, differs_wherever_an_entry_differs) {
  const AuditEntry plain{.actor = "a", .action = "b", .target = "c"};
  std::vector<AuditEntry> entries(11, plain);
  entries[1].actor = "ab";
  entries[2].action = "bc";
  entries[3].target = "";
  entries[4].before = "";
  entries[5].after = "";
  entries[6].address = "x";
  entries[7].actor = "";
  entries[8].before = "c";
  entries[9].after = "c";
  entries[10].actor = "ab", entries[10].action = "";
  std::set<Sha256> hashes;
  for (const AuditEntry& each : entries) hashes.insert(audit_hash({}, start, each));
  hashes.insert(audit_hash({1}, start, plain));
  hashes.insert(audit_hash({}, start + Duration{1}, plain));
  EXPECT_EQ(hashes.size(), entries.size() + 2);
}

TEST(AuditHash, stays_the_same) {
  EXPECT_EQ(to_hex(audit_hash({}, start, entry(1))),
            "cd53496ff1ef2b346f161f816e6cbe26058c3b47e5f168e31179aeab5d29f6d7");
}

TEST(AuditTrail, untouched_is_sound) {
  EXPECT_TRUE(verify({}).sound());
  const Trail trail = trail_of(50);
  const AuditVerdict verdict = verify(trail);
  EXPECT_TRUE(verdict.sound());
  EXPECT_EQ(verdict.records, 50);
  EXPECT_EQ(verdict.head, (AuditHead{.seq = 50, .hash = trail.back().hash}));
}

TEST(AuditTrail, cut_short_or_written_anew_shows_against_a_noted_head) {
  const Trail trail = trail_of(20);
  const AuditHead noted{.seq = 15, .hash = trail[14].hash};
  EXPECT_TRUE(verify(trail, noted).sound());
  EXPECT_TRUE(verify(trail, AuditHead{}).sound());
  const Trail cut(trail.begin(), trail.begin() + 10);
  EXPECT_TRUE(verify(cut).sound());
  EXPECT_EQ(words(verify(cut, noted).broken), "deleted at 11");
  Trail anew = trail_of(0);
  AuditHead head;
  for (const AuditRecord& record : trail) {
    anew.push_back(next_audit_record(head, record.entry, record.at + Duration{1}));
    head = {.seq = anew.back().seq, .hash = anew.back().hash};
  }
  EXPECT_TRUE(verify(anew).sound());
  EXPECT_EQ(words(verify(anew, noted).broken), "edited at 15");
}

// A trail, and one thing done to it at a place that is drawn; answers what must be found.
class Tampering {
 public:
  explicit Tampering(std::uint64_t seed) : random_(seed), trail_(trail_of(3 + random_.below(30))) {
    const std::vector<AuditPlace (Tampering::*)()> ways{
        &Tampering::edit,          &Tampering::edit_a_hash, &Tampering::rewrite,
        &Tampering::remove,        &Tampering::insert,      &Tampering::repeat,
        &Tampering::swap,          &Tampering::close_a_gap, &Tampering::insert_with_its_hash,
        &Tampering::move_by_number};
    expected_ = (this->*ways[seed % ways.size()])();
  }
  [[nodiscard]] const Trail& trail() const { return trail_; }
  [[nodiscard]] const AuditPlace& expected() const { return expected_; }

 private:
  // Some record but the last.
  std::size_t some() { return static_cast<std::size_t>(random_.below(last())); }
  int last() const { return static_cast<int>(trail_.size()) - 1; }
  Trail::iterator at(std::size_t index) {
    return trail_.begin() + static_cast<Trail::difference_type>(index);
  }

  AuditPlace edit() {
    const std::size_t index = static_cast<std::size_t>(random_.below(last() + 1));
    AuditRecord& record = trail_[index];
    switch (random_.below(7)) {
      case 0:
        record.entry.actor = "cli:eve";
        break;
      case 1:
        record.entry.action = "task.retry";
        break;
      case 2:
        record.entry.target += "0";
        break;
      case 3:
        record.entry.before.reset();
        break;
      case 4:
        record.entry.after = "{}";
        break;
      case 5:
        record.entry.address.clear();
        break;
      default:
        record.at += Duration{1};
    }
    return place(index, AuditBreak::edited);
  }
  AuditPlace edit_a_hash() {
    const std::size_t index = some();
    AuditRecord& record = trail_[index];
    auto& hash = random_.below(2) == 0 ? record.hash : record.previous_hash;
    hash[static_cast<std::size_t>(random_.below(32))] ^= 1U;
    return place(index, AuditBreak::edited);
  }
  // With a hash that fits: the one after it no longer does.
  AuditPlace rewrite() {
    const std::size_t index = some();
    AuditRecord& record = trail_[index];
    record.entry.actor = "cli:eve";
    record.hash = audit_hash(record.previous_hash, record.at, record.entry);
    return place(index + 1, AuditBreak::unlinked);
  }
  AuditPlace remove() {
    const std::size_t index = some();
    const int count = 1 + random_.below(last() - static_cast<int>(index));
    trail_.erase(at(index), at(index + static_cast<std::size_t>(count)));
    return place(index, AuditBreak::deleted);
  }
  AuditPlace close_a_gap() {
    const std::size_t index = some();
    trail_.erase(at(index));
    number_anew(trail_);
    return place(index, AuditBreak::unlinked);
  }
  AuditPlace insert() {
    const std::size_t index = some();
    AuditRecord record = trail_[index];
    record.entry.actor = "cli:eve";
    for (auto& byte : record.hash) byte = static_cast<std::uint8_t>(random_.below(256));
    trail_.insert(at(index), record);
    number_anew(trail_);
    return place(index, AuditBreak::inserted);
  }
  AuditPlace insert_with_its_hash() {
    const std::size_t index = some();
    AuditRecord record = trail_[index];
    record.entry.actor = "cli:eve";
    record.hash = audit_hash(record.previous_hash, record.at, record.entry);
    trail_.insert(at(index), record);
    number_anew(trail_);
    return place(index, AuditBreak::inserted);
  }
  // A record that is there already, at a second place.
  AuditPlace repeat() {
    const std::size_t index = some();
    const std::size_t from = static_cast<std::size_t>(random_.below(last() + 1));
    const AuditRecord record = trail_[from];
    trail_.insert(at(index), record);
    number_anew(trail_);
    // Before itself it can't be told from itself.
    return place(from == index ? index + 1 : index, AuditBreak::inserted);
  }
  AuditPlace swap() {
    const std::size_t one = some();
    const std::size_t other =
        one + 1 + static_cast<std::size_t>(random_.below(last() - static_cast<int>(one)));
    std::swap(trail_[one], trail_[other]);
    number_anew(trail_);
    return place(one, AuditBreak::reordered);
  }
  AuditPlace move_by_number() {
    const std::size_t index = some();
    const AuditRecord record = trail_[index];
    trail_.erase(at(index));
    trail_.push_back(record);
    trail_.back().seq = trail_[trail_.size() - 2].seq + 1;
    return place(index, AuditBreak::reordered);
  }

  SeededRandom random_;
  Trail trail_;
  AuditPlace expected_;
};

TEST(AuditTrail, every_tampering_is_found_at_its_place_and_by_its_kind) {
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    const Tampering tampering{seed};
    const AuditVerdict verdict = verify(tampering.trail());
    ASSERT_EQ(words(verdict.broken), words(tampering.expected())) << "seed " << seed;
    ASSERT_LE(verdict.head.seq, tampering.expected().seq);
  }
}

}  // namespace
}  // namespace esteira::test
