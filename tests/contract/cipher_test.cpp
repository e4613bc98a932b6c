// Ciphers: what is kept of encrypted tasks, by every engine, behind the repository that enciphers.
#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "cipher/cipher_repository.hpp"
#include "cipher/rotation.hpp"
#include "contract/contract.hpp"
#include "domain/unreadable.hpp"

namespace esteira::test {
namespace {

constexpr const char* secret_payload = R"({"iban":"DE89370400440532013000"})";
constexpr const char* secret_result = R"({"account":"GB82WEST12345698765432"})";

EncryptionKey key(std::string id, std::uint8_t fill) {
  EncryptionKey made{.id = std::move(id)};
  made.secret.fill(fill);
  return made;
}
const EncryptionKey old_key = key("2025a", 1);
const EncryptionKey new_key = key("2026a", 2);

std::shared_ptr<const Keyring> keyring_of(std::vector<EncryptionKey> keys) {
  return must(make_keyring(keys));
}

class Cipher : public Contract {
 protected:
  Cipher() { use(open_with(keyring_of({old_key}))); }

  [[nodiscard]] std::shared_ptr<TaskRepository> open_with(std::shared_ptr<const Keyring> keyring) {
    return must(open_repository(store().url(), Migrate::if_embedded, std::move(keyring)));
  }
  TypeId secret_type(const std::string& name = "SECRET") {
    return change_type(name, [](TaskType& type) { type.flow.encrypted = true; }).type_id;
  }
  static NewTaskRow secret_row(TypeId type_id, std::string payload = secret_payload) {
    NewTaskRow row = new_task_row(type_id, std::move(payload));
    row.terms.encrypted = true;
    return row;
  }
  // A store in memory is one object's alone.
  [[nodiscard]] static bool is_shared() {
    return std::ranges::any_of(shared_stores(),
                               [](const StoreKind& kind) { return kind.name == GetParam().name; });
  }
  // Whether the engine keeps the data keys of these tasks.
  std::size_t ciphers(const std::vector<TaskId>& ids) {
    return must(repository().task_ciphers(ids)).size();
  }
  static Json parsed(std::string_view text) { return must(parse_json(text)); }
};

TEST_P(Cipher, what_goes_in_comes_out) {
  const TypeId type_id = secret_type();
  const TaskId task_id = add(secret_row(type_id));
  EXPECT_EQ(task(task_id).payload, parsed(secret_payload));
  EXPECT_TRUE(task(task_id).encrypted);
  EXPECT_EQ(must(repository().tasks({}, now())).at(0).payload, parsed(secret_payload));
  const Claim claimed = claim_one(type_id);
  EXPECT_EQ(claimed.payload, secret_payload);
  EXPECT_FALSE(claimed.unreadable);
  EXPECT_EQ(finish(completed(claimed, now(), secret_result)), FinishStatus::applied);
  EXPECT_EQ(task(task_id).result, parsed(secret_result));
  EXPECT_EQ(finish(completed(claimed, now(), secret_result)), FinishStatus::already_applied);
}

TEST_P(Cipher, plain_tasks_are_left_as_they_are) {
  const TaskId task_id = add(new_task_row(type("ALPHA"), secret_payload));
  EXPECT_EQ(task(task_id).payload, parsed(secret_payload));
  EXPECT_FALSE(task(task_id).encrypted);
  EXPECT_EQ(ciphers({task_id}), 0U);
  // What looks like a ciphertext is what its creator says: text.
  const std::string lookalike = R"({"esteira_encrypted":"AQ=="})";
  const TaskId other = add(new_task_row(type("ALPHA"), lookalike));
  EXPECT_EQ(task(other).payload, parsed(lookalike));
  EXPECT_EQ(task(other).unreadable, std::nullopt);
}

TEST_P(Cipher, rows_of_both_kinds_share_a_call) {
  const std::vector<NewTaskRow> rows{secret_row(secret_type(), R"({"n":0})"),
                                     new_task_row(type("ALPHA"), R"({"n":1})"),
                                     secret_row(secret_type(), R"({"n":2})")};
  const auto ids = add(rows);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(task(ids[i]).payload, Json({{"n", static_cast<std::int64_t>(i)}}));
  }
  EXPECT_EQ(ciphers(ids), 2U);
}

TEST_P(Cipher, a_checkpoint_comes_back_with_the_next_attempt) {
  const TypeId type_id = secret_type();
  add(secret_row(type_id));
  const Claim first = claim_one(type_id);
  EXPECT_TRUE(note(CheckpointNote{.fence = first.fence, .state = R"({"at":3})", .encrypted = true})
                  .applied);
  finish(interrupted(first, now()));
  const Claim second = claim_one(type_id);
  EXPECT_EQ(second.checkpoint, R"({"at":3})");
  EXPECT_EQ(second.payload, secret_payload);
}

TEST_P(Cipher, a_claim_whose_answer_was_lost_is_read_again) {
  const TypeId type_id = secret_type();
  add(secret_row(type_id));
  auto request = claim_request({type_id}, 1);
  const auto claims = tick(request).claims;
  request.claim->again = true;
  const auto again = tick(request).claims;
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again.front().payload, secret_payload);
  EXPECT_EQ(again.front().fence, claims.front().fence);
}

TEST_P(Cipher, who_settles_need_not_have_claimed) {
  const TypeId type_id = secret_type();
  const TaskId task_id = add(secret_row(type_id));
  const Claim claimed = claim_one(type_id);
  const auto open = must(repository().open_claims(std::span{&claimed.fence, 1}));
  ASSERT_TRUE(open.at(0));
  EXPECT_TRUE(open.at(0)->terms.encrypted) << "its result is enciphered by it";
  EXPECT_TRUE(must(repository().claims_of(worker_name)).at(0).terms.encrypted);
  finish(completed(*open.at(0), now(), secret_result));
  EXPECT_EQ(task(task_id).result, parsed(secret_result));
}

TEST_P(Cipher, idempotency_answers_the_same_and_refuses_another) {
  NewTaskRow row = secret_row(secret_type());
  row.idempotency_key = "order-1";
  row.idempotency_hash = "hash of what was asked";
  const TaskId task_id = add(row);
  const auto again = must(repository().insert(std::span{&row, 1}, now())).at(0);
  EXPECT_EQ(again.task_id, task_id);
  EXPECT_FALSE(again.created);
  row.idempotency_hash = "another";
  EXPECT_EQ(error_of(repository().insert(std::span{&row, 1}, now())).code,
            ErrorCode::invalid_argument);
}

TEST_P(Cipher, a_holder_that_is_replaced_reads_the_new_payload) {
  const TypeId type_id = secret_type();
  NewTaskRow row = secret_row(type_id, R"({"n":1})");
  row.unique_key = "key";
  row.on_conflict = OnConflict::replace;
  const TaskId task_id = add(row);
  const Claim first = claim_one(type_id);
  note(CheckpointNote{.fence = first.fence, .state = R"({"at":3})", .encrypted = true});
  finish(interrupted(first, now()));
  row.payload = R"({"n":2})";
  EXPECT_EQ(add(row), task_id);
  EXPECT_EQ(task(task_id).payload, Json({{"n", 2}}));
  const Claim claimed = claim_one(type_id);
  EXPECT_EQ(claimed.payload, R"({"n":2})");
  EXPECT_EQ(claimed.checkpoint, std::nullopt) << "it was of another payload, under another key";
  EXPECT_FALSE(claimed.unreadable);
}

TEST_P(Cipher, rows_of_one_call_that_replace_each_other_are_sealed_for_whom_they_become) {
  NewTaskRow row = secret_row(secret_type(), R"({"n":1})");
  row.unique_key = "key";
  row.on_conflict = OnConflict::replace;
  NewTaskRow second = row;
  second.payload = R"({"n":2})";
  const auto ids = add(std::vector{row, second});
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_EQ(task(ids[0]).payload, Json({{"n", 2}}));
}

TEST_P(Cipher, a_holder_changes_between_plain_and_encrypted_with_what_replaces_it) {
  const TypeId type_id = secret_type();
  NewTaskRow plain = new_task_row(type_id, R"({"n":1})");
  plain.unique_key = "key";
  plain.on_conflict = OnConflict::replace;
  NewTaskRow sealed = plain;
  sealed.payload = R"({"n":2})";
  sealed.terms.encrypted = true;
  const TaskId task_id = add(plain);
  EXPECT_EQ(add(sealed), task_id);
  EXPECT_EQ(task(task_id).payload, Json({{"n", 2}}));
  EXPECT_TRUE(task(task_id).encrypted);
  EXPECT_EQ(add(plain), task_id);
  EXPECT_EQ(task(task_id).payload, Json({{"n", 1}}));
  EXPECT_FALSE(task(task_id).encrypted);
  EXPECT_EQ(ciphers({task_id}), 0U);
}

TEST_P(Cipher, an_edit_enciphers_anew_and_keeps_the_checkpoint) {
  const TypeId type_id = secret_type();
  const TaskId task_id = add(secret_row(type_id));
  const Claim first = claim_one(type_id);
  note(CheckpointNote{.fence = first.fence, .state = R"({"at":3})", .encrypted = true});
  finish(interrupted(first, now()));
  const auto answer =
      must(repository().edit(task_id, {.payload = R"({"n":2})", .encrypted = true}, now()));
  ASSERT_TRUE(answer.before && answer.after);
  EXPECT_EQ(answer.before->payload, parsed(secret_payload));
  EXPECT_EQ(answer.after->payload, Json({{"n", 2}}));
  const Claim second = claim_one(type_id);
  EXPECT_EQ(second.payload, R"({"n":2})");
  EXPECT_EQ(second.checkpoint, R"({"at":3})");
}

TEST_P(Cipher, an_edit_enciphers_a_task_that_was_plain) {
  const TypeId type_id = secret_type();
  const TaskId task_id = add(new_task_row(type_id, R"({"n":1})"));
  EXPECT_EQ(edit(task_id, {.payload = R"({"n":2})", .encrypted = true}), ChangeStatus::applied);
  EXPECT_TRUE(task(task_id).encrypted);
  EXPECT_EQ(task(task_id).payload, Json({{"n", 2}}));
  EXPECT_EQ(claim_one(type_id).payload, R"({"n":2})");
}

TEST_P(Cipher, an_edit_of_other_things_leaves_the_payload_alone) {
  const TaskId task_id = add(secret_row(secret_type()));
  EXPECT_EQ(edit(task_id, {.priority = 5}), ChangeStatus::applied);
  EXPECT_EQ(task(task_id).payload, parsed(secret_payload));
}

TEST_P(Cipher, removal_and_retention_erase_the_data_keys) {
  const TypeId type_id = secret_type();
  const TaskId removed = add(secret_row(type_id));
  EXPECT_EQ(remove(removed), ChangeStatus::applied);
  const TaskId pruned = add(secret_row(type_id));
  finish(completed(claim_one(type_id), now(), secret_result));
  pass(1h);
  EXPECT_EQ(must(repository().prune({.completed_older = 1min, .limit = 10}, now())), 1);
  EXPECT_EQ(ciphers({removed, pruned}), 0U);
}

TEST_P(Cipher, without_keys_nothing_is_made_or_claimed_and_nothing_is_shown) {
  if (!is_shared()) return;
  const TypeId type_id = secret_type();
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(secret_row(type_id));
  const TaskId plain = add(new_task_row(alpha));
  use(open_with(nullptr));
  const NewTaskRow row = secret_row(type_id);
  const auto refused = error_of(repository().insert(std::span{&row, 1}, now()));
  EXPECT_EQ(refused.code, ErrorCode::unavailable);
  EXPECT_NE(refused.message.find("encryption.keys"), std::string::npos) << refused.message;
  EXPECT_EQ(error_of(repository().edit(task_id, {.payload = "{}", .encrypted = true}, now())).code,
            ErrorCode::unavailable);
  EXPECT_EQ(task(task_id).payload, Json(nullptr));
  EXPECT_TRUE(task(task_id).unreadable);
  must(repository().types());
  EXPECT_FALSE(must(repository().has_ready(std::array{type_id}, now())))
      << "nobody waits here for what others run";
  EXPECT_EQ(ids_of(claim({type_id, alpha})), std::vector{plain}) << "others have the keys";
}

TEST_P(Cipher, a_task_whose_key_is_not_at_hand_waits_and_is_not_lost) {
  if (!is_shared()) return;
  const TypeId type_id = secret_type();
  const TaskId task_id = add(secret_row(type_id));
  use(open_with(keyring_of({new_key})));
  EXPECT_NE(task(task_id).unreadable.value_or("").find("2025a"), std::string::npos);
  const Claim claimed = claim_one(type_id);
  ASSERT_TRUE(claimed.unreadable);
  EXPECT_FALSE(claimed.unreadable->for_good);
  const Settlement settlement =
      settle(claimed, unreadable_outcome(*claimed.unreadable), plain_policy(), now());
  EXPECT_EQ(finish(settlement), FinishStatus::applied);
  EXPECT_EQ(executions(task_id).at(0).status, ExecutionStatus::snoozed);
  EXPECT_NE(executions(task_id).at(0).error_message.value_or("").find("2025a"), std::string::npos);
  EXPECT_EQ(task(task_id).retries, 0);
  use(open_with(keyring_of({new_key, old_key})));
  pass(limits::missing_key_wait);
  EXPECT_EQ(claim_one(type_id).payload, secret_payload);
}

TEST_P(Cipher, kept_answers_are_sealed_and_come_back) {
  const KeptAnswer answer{.hash = "asked", .status = 201, .body = secret_payload};
  must(repository().keep_answer("key:1", "order-1", answer, now()));
  const auto kept = must(repository().kept_answer("key:1", "order-1", now()));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->hash, answer.hash);
  EXPECT_EQ(kept->status, answer.status);
  EXPECT_EQ(kept->body, answer.body);
  EXPECT_FALSE(must(repository().kept_answer("key:1", "order-2", now())));
}

TEST_P(Cipher, a_root_outlives_the_transaction_that_first_asked_for_it) {
  const KeptAnswer answer{.hash = "asked", .status = 201, .body = secret_payload};
  const auto undone = [&]() -> Expected<void> {
    const auto kept = repository().keep_answer("key:1", "order-1", answer, now());
    return kept ? fail(ErrorCode::conflict, "and it is undone") : kept;
  };
  EXPECT_EQ(error_of(repository().atomically(undone)).code, ErrorCode::conflict);
  must(repository().keep_answer("key:1", "order-1", answer, now()));
  if (is_shared()) use(open_with(keyring_of({old_key})));
  EXPECT_EQ(must(repository().kept_answer("key:1", "order-1", now()))->body, answer.body);
}

TEST_P(Cipher, the_payload_of_a_schedule_comes_back) {
  Schedule schedule{.name = "nightly",
                    .cron = "0 9 * * *",
                    .type_id = secret_type(),
                    .payload = secret_payload,
                    .encrypted = true,
                    .created_at = now(),
                    .anchor = now(),
                    .handled_until = now()};
  must(repository().put_schedule(schedule));
  EXPECT_EQ(must(repository().schedule("nightly"))->payload, secret_payload);
  EXPECT_EQ(must(repository().schedules()).at(0).payload, secret_payload);
  schedule.payload = R"({"n":2})";
  schedule.encrypted = false;
  must(repository().put_schedule(schedule));
  EXPECT_EQ(parsed(must(repository().schedule("nightly"))->payload), Json({{"n", 2}}));
  EXPECT_FALSE(must(repository().schedule("nightly"))->encrypted);
}

TEST_P(Cipher, the_first_root_stays) {
  must(repository().put_root_cipher({.key_id = "a", .wrapped = "first"}));
  must(repository().put_root_cipher({.key_id = "b", .wrapped = "second"}));
  const TaskId root = 0;
  EXPECT_EQ(must(repository().task_ciphers(std::span{&root, 1})).at(0).cipher.wrapped, "first");
}

TEST_P(Cipher, a_wrapped_key_is_replaced_only_as_it_was_read) {
  const TaskId task_id = add(secret_row(secret_type()));
  const auto before = must(repository().task_ciphers(std::span{&task_id, 1})).at(0).cipher;
  const auto rewrapped = [&](std::string from) {
    return std::vector{Rewrapped{task_id, std::move(from), {.key_id = "x", .wrapped = "y"}},
                       Rewrapped{task_id + 1000, "z", {.key_id = "x", .wrapped = "y"}}};
  };
  EXPECT_EQ(must(repository().rewrap(rewrapped("something else"))), 0);
  EXPECT_EQ(must(repository().task_ciphers(std::span{&task_id, 1})).at(0).cipher, before);
  EXPECT_EQ(must(repository().rewrap(rewrapped(before.wrapped))), 1);
  EXPECT_EQ(must(repository().task_ciphers(std::span{&task_id, 1})).at(0).cipher.wrapped, "y");
}

TEST_P(Cipher, a_rotation_goes_batch_by_batch_and_changes_no_ciphertext) {
  const TypeId type_id = secret_type();
  NewTaskRow keyed = secret_row(type_id);
  keyed.idempotency_key = "order-1";
  keyed.idempotency_hash = "asked";
  std::vector<TaskId> ids{add(keyed)};
  for (int i = 0; i < 6; ++i) ids.push_back(add(secret_row(type_id)));
  const Claim running = claim_one(type_id);
  const auto both = keyring_of({new_key, old_key});
  std::vector<std::int64_t> progress;
  const auto rotated = must(rotate(repository(), *both, 3, [&](const Rotation& rotation) {
    progress.push_back(rotation.wrapped);
  }));
  EXPECT_EQ(rotated.wrapped, 8) << "seven tasks and the root";
  EXPECT_EQ(rotated.failed, 0);
  EXPECT_EQ(progress, (std::vector<std::int64_t>{3, 6, 8}));
  const auto counts = must(repository().cipher_counts());
  ASSERT_EQ(counts.size(), 1U);
  EXPECT_EQ(counts[0].key_id, "2026a");
  EXPECT_EQ(counts[0].tasks, 8);
  EXPECT_EQ(must(rotate(repository(), *both, 3, {})).wrapped, 0) << "there is nothing more to do";
  EXPECT_EQ(finish(completed(running, now(), secret_result)), FinishStatus::applied)
      << "what ran meanwhile ends as it would have";
  if (!is_shared()) return;
  use(open_with(keyring_of({new_key})));
  for (const TaskId task_id : ids) EXPECT_EQ(task(task_id).payload, parsed(secret_payload));
  EXPECT_EQ(task(running.fence.task_id).result, parsed(secret_result));
  EXPECT_FALSE(must(repository().insert(std::span{&keyed, 1}, now())).at(0).created)
      << "what was hashed with the root is still found";
}

TEST_P(Cipher, a_rotation_passes_over_what_it_cannot_open) {
  const TypeId type_id = secret_type();
  const auto ids = add(std::vector{secret_row(type_id), secret_row(type_id)});
  const auto first = must(repository().task_ciphers(std::span{ids}.first(1))).at(0);
  const std::vector tampered{
      Rewrapped{ids[0], first.cipher.wrapped, {.key_id = "2025a", .wrapped = "AAAA"}}};
  ASSERT_EQ(must(repository().rewrap(tampered)), 1);
  const auto rotated = must(rotate(repository(), *keyring_of({new_key, old_key}), 1, {}));
  EXPECT_EQ(rotated.failed, 1);
  EXPECT_NE(rotated.why.find("2025a"), std::string::npos) << rotated.why;
  EXPECT_EQ(must(repository().task_ciphers(std::span{ids}.last(1))).at(0).cipher.key_id, "2026a");
}

INSTANTIATE_TEST_SUITE_P(Stores, Cipher, testing::ValuesIn(every_store()), store_name);

// What another program with the database in its hands can see and do.
class SharedCipher : public Cipher {
 protected:
  std::string request_payload(TaskId task_id) {
    return store()
        .query("SELECT payload FROM task_requests WHERE task_id = " + std::to_string(task_id))
        .at(0)
        .at(0)
        .value_or("");
  }
  // A claim of the one task that is ready, and why it can't be read.
  Unreadable unreadable_claim(TypeId type_id) {
    return claim_one(type_id).unreadable.value_or(Unreadable{});
  }
};

TEST_P(SharedCipher, no_column_holds_what_was_enciphered) {
  const TypeId type_id = secret_type();
  NewTaskRow row = secret_row(type_id, R"({"iban":"PLAINTEXT-7"})");
  row.idempotency_key = "order-1";
  row.idempotency_hash = "PLAINTEXT-7 hashed";
  const TaskId task_id = add(row);
  NewTaskRow flowing = secret_row(change_type("FLOWING", [](TaskType& changed) {
                                    changed.flow.encrypted = true;
                                    changed.flow.key = "/iban";
                                  }).type_id);
  flowing.terms.flow_key = "PLAINTEXT-7";
  add(flowing);
  const Claim claimed = claim_one(type_id);
  note(CheckpointNote{.fence = claimed.fence, .state = R"("PLAINTEXT-7")", .encrypted = true});
  const auto count = [&](const std::string& from) {
    return store().query("SELECT count(*) FROM " + from).at(0).at(0);
  };
  EXPECT_EQ(count("task_checkpoints WHERE CAST(state AS text) LIKE '%PLAINTEXT-7%'"), "0");
  EXPECT_EQ(count("task_checkpoints"), "1");
  finish(completed(claimed, now(), R"("PLAINTEXT-7")"));
  EXPECT_EQ(request_payload(task_id).find("PLAINTEXT"), std::string::npos);
  EXPECT_EQ(count("task_requests WHERE CAST(terms AS text) LIKE '%PLAINTEXT-7%'"), "0");
  EXPECT_EQ(count("task_queued WHERE flow_key LIKE '%PLAINTEXT-7%'"), "0");
  EXPECT_EQ(count("task_queued"), "1");
  EXPECT_EQ(count("tasks WHERE CAST(result AS text) LIKE '%PLAINTEXT-7%'"), "0");
  EXPECT_EQ(count("tasks WHERE result IS NOT NULL"), "1");
  EXPECT_EQ(count("idempotency_keys WHERE CAST(hash AS text) LIKE '%PLAINTEXT-7%'"), "0");
}

TEST_P(SharedCipher, a_task_made_within_a_transaction_is_enciphered) {
  const TypeId type_id = secret_type();
  const auto transaction = store().begin();
  const NewTaskRow row = secret_row(type_id);
  const TaskId task_id =
      must(repository().insert_within(transaction->connection(), std::span{&row, 1}, now()))
          .at(0)
          .task_id;
  transaction->commit();
  EXPECT_EQ(task(task_id).payload, parsed(secret_payload));
  EXPECT_EQ(request_payload(task_id).find("DE89"), std::string::npos);
}

TEST_P(SharedCipher, a_payload_of_another_row_is_never_run) {
  const TypeId type_id = secret_type();
  const auto ids = add(
      std::vector{secret_row(type_id, R"({"to":"me"})"), secret_row(type_id, R"({"to":"you"})")});
  store().query(
      "UPDATE task_requests SET payload = (SELECT payload FROM task_requests r "
      "WHERE r.task_id = " +
      std::to_string(ids[1]) + ") WHERE task_id = " + std::to_string(ids[0]));
  EXPECT_EQ(task(ids[0]).payload, Json(nullptr));
  EXPECT_TRUE(task(ids[0]).unreadable);
  EXPECT_TRUE(unreadable_claim(type_id).for_good);
}

TEST_P(SharedCipher, a_data_key_that_moves_with_its_payload_opens_nothing_either) {
  const TypeId type_id = secret_type();
  const auto ids = add(
      std::vector{secret_row(type_id, R"({"to":"me"})"), secret_row(type_id, R"({"to":"you"})")});
  const std::string from = " WHERE r.task_id = " + std::to_string(ids[1]) + ")";
  const std::string to = " WHERE task_id = " + std::to_string(ids[0]);
  store().query("UPDATE task_requests SET payload = (SELECT payload FROM task_requests r" + from +
                to);
  store().query("UPDATE task_ciphers SET wrapped = (SELECT wrapped FROM task_ciphers r" + from +
                to);
  EXPECT_TRUE(task(ids[0]).unreadable);
  EXPECT_TRUE(unreadable_claim(type_id).for_good);
}

TEST_P(SharedCipher, what_is_in_the_open_where_it_should_not_be_is_not_run) {
  const TypeId type_id = secret_type();
  const TaskId task_id = add(secret_row(type_id));
  store().query(R"(UPDATE task_requests SET payload = '{"to":"me"}' WHERE task_id = )" +
                std::to_string(task_id));
  EXPECT_TRUE(task(task_id).unreadable);
  EXPECT_TRUE(unreadable_claim(type_id).for_good);
}

TEST_P(SharedCipher, an_erased_data_key_erases_its_task) {
  const TypeId type_id = secret_type();
  const TaskId task_id = add(secret_row(type_id));
  store().query("DELETE FROM task_ciphers WHERE task_id = " + std::to_string(task_id));
  EXPECT_EQ(task(task_id).payload, Json(nullptr));
  EXPECT_TRUE(unreadable_claim(type_id).for_good);
}

TEST_P(SharedCipher, a_migration_from_before_keeps_the_tasks_and_makes_room_for_ciphers) {
  const TaskId task_id = add(new_task_row(type("ALPHA"), R"({"n":1})"));
  store().take_back_to(14);
  use(must(open_repository(store().url(), Migrate::always, keyring_of({old_key}))));
  EXPECT_EQ(task(task_id).payload, Json({{"n", 1}}));
  EXPECT_EQ(task(add(secret_row(secret_type()))).payload, parsed(secret_payload));
}

INSTANTIATE_TEST_SUITE_P(Stores, SharedCipher, testing::ValuesIn(shared_stores()), store_name);

}  // namespace
}  // namespace esteira::test
