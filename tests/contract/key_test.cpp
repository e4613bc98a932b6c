// Keys of the API and the audit trail: small tables, one of which only grows.
#include <algorithm>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Keys : public Contract {
 protected:
  [[nodiscard]] StoredKey stored(const std::string& key_id) {
    StoredKey stored{.key = {.key_id = key_id,
                             .name = "São Paulo, 'quoted' ☕",
                             .scopes = {Scope::tasks_read, Scope::work},
                             .created_at = now()}};
    for (auto& byte : stored.secret_hash) byte = static_cast<std::uint8_t>(chance.below(256));
    return stored;
  }
  StoredKey put(const std::string& key_id) {
    const StoredKey key = stored(key_id);
    must(repository().put_key(key));
    return key;
  }
  [[nodiscard]] ApiKey key(const std::string& key_id) {
    for (const StoredKey& stored : must(repository().keys())) {
      if (stored.key.key_id == key_id) return stored.key;
    }
    throw std::runtime_error("there is no key " + key_id);
  }
};

TEST_P(Keys, come_back_as_they_were_put_newest_first) {
  EXPECT_TRUE(must(repository().keys()).empty());
  const StoredKey first = put("AAAAAAAAAAA1");
  pass(1s);
  StoredKey second = stored("AAAAAAAAAAA2");
  second.key.scopes = {Scope::admin};
  second.key.expires_at = now() + 24h * 90;
  second.key.rate = Rate{.count = 600, .per = 1min};
  second.key.last_used_at = now() + 5us;
  second.key.revoked_at = now() + 1h;
  must(repository().put_key(second));
  EXPECT_EQ(must(repository().keys()), (std::vector<StoredKey>{second, first}));
  EXPECT_EQ(must(another()->keys()), (std::vector<StoredKey>{second, first}));
}

TEST_P(Keys, of_an_id_that_is_taken_are_refused_and_the_first_stays) {
  const StoredKey first = put("AAAAAAAAAAA1");
  EXPECT_EQ(error_of(repository().put_key(stored("AAAAAAAAAAA1"))).code, ErrorCode::conflict);
  EXPECT_EQ(must(repository().keys()), std::vector<StoredKey>{first});
}

TEST_P(Keys, revoked_once_keep_that_time) {
  put("AAAAAAAAAAA1");
  put("AAAAAAAAAAA2");
  const Time first = now();
  EXPECT_TRUE(must(repository().revoke_key("AAAAAAAAAAA1", now())));
  pass(1h);
  EXPECT_TRUE(must(repository().revoke_key("AAAAAAAAAAA1", now())));
  EXPECT_EQ(key("AAAAAAAAAAA1").revoked_at, first);
  EXPECT_EQ(key("AAAAAAAAAAA2").revoked_at, std::nullopt);
  EXPECT_FALSE(must(repository().revoke_key("AAAAAAAAAAA3", now())));
  EXPECT_FALSE(must(repository().revoke_key("", now())));
}

TEST_P(Keys, last_uses_move_forward_only) {
  put("AAAAAAAAAAA1");
  put("AAAAAAAAAAA2");
  const auto touch = [&](std::vector<KeyUse> uses) { must(repository().touch_keys(uses)); };
  touch({});
  touch({{"AAAAAAAAAAA1", now()}, {"AAAAAAAAAAA2", now() + 2s}, {"nobody", now()}});
  EXPECT_EQ(key("AAAAAAAAAAA1").last_used_at, now());
  EXPECT_EQ(key("AAAAAAAAAAA2").last_used_at, now() + 2s);
  touch({{"AAAAAAAAAAA2", now() + 1s}, {"AAAAAAAAAAA1", now() + 1s}});
  EXPECT_EQ(key("AAAAAAAAAAA1").last_used_at, now() + 1s);
  EXPECT_EQ(key("AAAAAAAAAAA2").last_used_at, now() + 2s);
}

TEST_P(Keys, touched_from_two_sides_do_not_lock_each_other_out) {
  put("AAAAAAAAAAA1");
  put("AAAAAAAAAAA2");
  run_together(2, [&](int side) {
    const auto mine = another();
    std::vector<KeyUse> uses{{"AAAAAAAAAAA1", now()}, {"AAAAAAAAAAA2", now()}};
    if (side == 1) std::ranges::reverse(uses);
    for (int turn = 0; turn < 20; ++turn) {
      for (KeyUse& use : uses) use.at += 1s;
      must(mine->touch_keys(uses));
    }
  });
  EXPECT_EQ(key("AAAAAAAAAAA1").last_used_at, now() + 20s);
}

INSTANTIATE_TEST_SUITE_P(Stores, Keys, testing::ValuesIn(every_store()), store_name);

class Audit : public Contract {
 protected:
  [[nodiscard]] static AuditEntry entry(const std::string& target) {
    // JSON whose text a store must not touch.
    return {.actor = "cli:ana",
            .action = "type.pause",
            .target = target,
            .before = R"({"paused": false,  "a":1.50})",
            .after = R"({"z":1,"a":"São Paulo ☕"})",
            .address = "10.0.0.1"};
  }
  [[nodiscard]] std::vector<AuditRecord> all() { return must(repository().audit_scan(0, 1000)); }
  [[nodiscard]] AuditVerdict verdict() {
    AuditVerifier verifier;
    for (const AuditRecord& record : all()) verifier.add(record);
    return verifier.finish();
  }
};

TEST_P(Audit, comes_back_as_it_was_appended) {
  EXPECT_TRUE(all().empty());
  const AuditRecord first = must(repository().append_audit(entry("ALPHA"), now()));
  pass(1s + 1us);
  const AuditEntry plain{.actor = "loopback", .action = "key.create", .target = ""};
  const AuditRecord second = must(repository().append_audit(plain, now()));
  EXPECT_EQ(first.seq, 1);
  EXPECT_EQ(first.entry, entry("ALPHA"));
  EXPECT_EQ(second.seq, 2);
  EXPECT_EQ(second.entry, plain);
  EXPECT_EQ(second.at, now());
  EXPECT_EQ(second.previous_hash, first.hash);
  EXPECT_EQ(all(), (std::vector<AuditRecord>{first, second}));
  EXPECT_TRUE(verdict().sound());
}

TEST_P(Audit, is_read_in_pages_from_either_end) {
  for (int count = 0; count < 7; ++count) must(repository().append_audit(entry("T"), now()));
  const auto seqs = [](const std::vector<AuditRecord>& records) {
    std::vector<std::int64_t> read;
    for (const AuditRecord& record : records) read.push_back(record.seq);
    return read;
  };
  using Seqs = std::vector<std::int64_t>;
  EXPECT_EQ(seqs(must(repository().audit_page({}, 3))), (Seqs{7, 6, 5}));
  EXPECT_EQ(seqs(must(repository().audit_page(5, 3))), (Seqs{4, 3, 2}));
  EXPECT_EQ(seqs(must(repository().audit_page(2, 3))), (Seqs{1}));
  EXPECT_EQ(seqs(must(repository().audit_page(1, 3))), (Seqs{}));
  EXPECT_EQ(seqs(must(repository().audit_scan(0, 3))), (Seqs{1, 2, 3}));
  EXPECT_EQ(seqs(must(repository().audit_scan(6, 3))), (Seqs{7}));
}

TEST_P(Audit, of_many_appenders_is_one_chain_without_a_gap) {
  constexpr int appenders = 4;
  constexpr int each = 25;
  run_together(appenders, [&](int appender) {
    const auto mine = another();
    for (int count = 0; count < each; ++count) {
      must(mine->append_audit(entry(std::to_string(appender)), now()));
    }
  });
  const AuditVerdict found = verdict();
  EXPECT_TRUE(found.sound());
  EXPECT_EQ(found.head.seq, appenders * each);
}

INSTANTIATE_TEST_SUITE_P(Stores, Audit, testing::ValuesIn(every_store()), store_name);

class SharedAudit : public Audit {};

TEST_P(SharedAudit, refuses_to_be_changed_by_plain_sql) {
  for (int count = 0; count < 3; ++count) must(repository().append_audit(entry("T"), now()));
  for (const std::string sql : {"UPDATE audit_log SET actor = 'cli:eve' WHERE seq = 2",
                                "DELETE FROM audit_log WHERE seq = 3", "DELETE FROM audit_log"}) {
    EXPECT_ANY_THROW(store().query(sql)) << sql;
  }
  EXPECT_ANY_THROW(store().query("TRUNCATE audit_log"));
  EXPECT_ANY_THROW(store().query("INSERT OR REPLACE INTO audit_log SELECT * FROM audit_log"));
  EXPECT_EQ(all().size(), 3U);
  EXPECT_TRUE(verdict().sound());
}

// Whoever may take the triggers away is found out by the chain.
TEST_P(SharedAudit, changed_all_the_same_is_found_out) {
  for (int count = 0; count < 5; ++count) must(repository().append_audit(entry("T"), now()));
  store().disarm_the_audit_trail();
  store().query("UPDATE audit_log SET actor = 'cli:eve' WHERE seq = 4");
  EXPECT_EQ(verdict().broken, (AuditPlace{.seq = 4, .kind = AuditBreak::edited}));
  store().query("DELETE FROM audit_log WHERE seq = 2");
  EXPECT_EQ(verdict().broken, (AuditPlace{.seq = 2, .kind = AuditBreak::deleted}));
}

INSTANTIATE_TEST_SUITE_P(Stores, SharedAudit, testing::ValuesIn(shared_stores()), store_name);

}  // namespace
}  // namespace esteira::test
