#include "cipher/cipher_repository.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/sha256.hpp"
#include "cipher/sealing.hpp"

namespace esteira {
namespace {

constexpr TaskId root_id = 0;
// More are looked up where they are needed.
constexpr std::size_t runs_max = 10'000;
constexpr JsonLimits opened_json{.bytes_max = std::numeric_limits<std::size_t>::max()};

bool encrypted(const NewTaskRow& row) { return row.terms.encrypted; }

// What an answer is kept as: its hash says what was asked, and asks to be guessed.
std::string text_of(const KeptAnswer& answer) {
  return to_text(Json(JsonObject{{"hash", answer.hash}, {"body", answer.body}}));
}

Expected<KeptAnswer> read_kept(std::string_view text, int status) {
  const auto json = ESTEIRA_TRY(parse_json(text, opened_json));
  const auto* object = json.if_object();
  const auto* hash = object == nullptr ? nullptr : object->if_contains("hash");
  const auto* body = object == nullptr ? nullptr : object->if_contains("body");
  if (hash == nullptr || body == nullptr || !hash->is_string() || !body->is_string()) {
    return fail(ErrorCode::internal, "an answer that was kept can't be read");
  }
  return KeptAnswer{.hash = std::string(hash->get_string()),
                    .status = status,
                    .body = std::string(body->get_string())};
}

// A length before each part, so that no two pairs are named alike.
std::string answer_name(std::string_view actor, std::string_view key) {
  return fmt::format("esteira 1 answer {} {} {}", actor.size(), actor, key);
}

Expected<void> open_task(Task& task, const Secret& data_key) {
  const auto payload =
      ESTEIRA_TRY(unseal(data_key, task.task_id, SealedField::payload, task.payload));
  task.payload = ESTEIRA_TRY(parse_json(payload, opened_json));
  if (task.result.is_null()) return {};
  const auto result = ESTEIRA_TRY(unseal(data_key, task.task_id, SealedField::result, task.result));
  task.result = ESTEIRA_TRY(parse_json(result, opened_json));
  return {};
}

}  // namespace

CipherRepository::CipherRepository(std::shared_ptr<TaskRepository> inner,
                                   std::shared_ptr<const Keyring> keyring)
    : DelegateRepository(*inner), kept_(std::move(inner)), keyring_(std::move(keyring)) {}

std::unexpected<Error> CipherRepository::erased() {
  return fail(ErrorCode::internal, "its data key was erased: nothing deciphers it any more");
}

Expected<void> CipherRepository::need_keyring() const {
  if (keyring_) return {};
  return fail(ErrorCode::unavailable,
              "tasks of this type are encrypted, and this program was given no encryption keys: "
              "set encryption.keys (`esteira doctor` shows it)");
}

// No lock is held across the store's answer; two threads read the same.
Expected<Secret> CipherRepository::root() {
  ESTEIRA_TRY(need_keyring());
  {
    const MutexLock lock(mutex_);
    if (root_) return *root_;
  }
  auto found = ESTEIRA_TRY(ciphers_of(std::array{root_id}));
  if (found.empty()) {
    ESTEIRA_TRY(inner().put_root_cipher(keyring_->wrap(root_id, random_secret())));
    found = ESTEIRA_TRY(ciphers_of(std::array{root_id}));
  }
  if (found.empty()) return erased();
  const auto root = ESTEIRA_TRY(keyring_->unwrap(root_id, found.begin()->second));
  const MutexLock lock(mutex_);
  root_ = root;
  return root;
}

Expected<std::string> CipherRepository::keyed_hash(std::string_view label, std::string_view text) {
  const auto key = derive(ESTEIRA_TRY(root()), fmt::format("esteira 1 {}", label));
  return to_hex(derive(key, text).bytes());
}

Expected<std::map<TaskId, TaskCipher>> CipherRepository::ciphers_of(std::span<const TaskId> ids) {
  std::map<TaskId, TaskCipher> ciphers;
  if (ids.empty()) return ciphers;
  for (auto& stored : ESTEIRA_TRY(inner().task_ciphers(ids))) {
    ciphers.emplace(stored.task_id, std::move(stored.cipher));
  }
  return ciphers;
}

void CipherRepository::keep(const Run& run, const Secret& data_key) {
  const MutexLock lock(mutex_);
  if (runs_.size() >= runs_max) runs_.clear();
  runs_.insert_or_assign(run, data_key);
}

// --- types ----------------------------------------------------------------------------------

Expected<std::vector<TaskType>> CipherRepository::types() {
  auto types = ESTEIRA_TRY(inner().types());
  if (keyring_) return types;
  std::set<TypeId> encrypted;
  for (const auto& type : types) {
    if (type.flow.encrypted) encrypted.insert(type.type_id);
  }
  const MutexLock lock(mutex_);
  encrypted_types_ = std::move(encrypted);
  return types;
}

// The root is made here, where no transaction of a caller's holds the store.
Expected<TaskType> CipherRepository::put_type(const TaskType& type, Time now) {
  if (type.flow.encrypted && keyring_) ESTEIRA_TRY(root());
  return inner().put_type(type, now);
}

// --- create and edit --------------------------------------------------------------------------

Expected<std::vector<NewTaskRow>> CipherRepository::sealing(std::span<const NewTaskRow> rows) {
  ESTEIRA_TRY(need_keyring());
  std::vector<NewTaskRow> sealed(rows.begin(), rows.end());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto& row = sealed[i];
    if (!encrypted(row)) continue;
    if (row.idempotency_key) {
      row.idempotency_hash = ESTEIRA_TRY(keyed_hash("idempotency", row.idempotency_hash));
    }
    auto& flow = row.terms.flow_key;
    if (flow && !flow->empty()) flow = ESTEIRA_TRY(keyed_hash("flow", *flow));
    // An engine that forgets to ask stores no JSON, and is refused or found out.
    row.payload.clear();
    row.seal = [keyring = keyring_, payload = std::string_view(rows[i].payload)](
                   TaskId task_id) -> Expected<SealedPayload> {
      const auto data_key = random_secret();
      return SealedPayload{
          .payload = esteira::seal(data_key, task_id, SealedField::payload, payload),
          .cipher = keyring->wrap(task_id, data_key)};
    };
  }
  return sealed;
}

Expected<std::vector<InsertedTask>> CipherRepository::insert(std::span<const NewTaskRow> rows,
                                                             Time now) {
  if (std::ranges::none_of(rows, encrypted)) return inner().insert(rows, now);
  const auto sealed = ESTEIRA_TRY(sealing(rows));
  return inner().insert(sealed, now);
}

Expected<std::vector<InsertedTask>> CipherRepository::insert_within(
    CallerConnection connection, std::span<const NewTaskRow> rows, Time now) {
  if (std::ranges::none_of(rows, encrypted)) return inner().insert_within(connection, rows, now);
  const auto sealed = ESTEIRA_TRY(sealing(rows));
  return inner().insert_within(connection, sealed, now);
}

// The data key stays, for a checkpoint may be enciphered by it; it is wrapped anew, so that no edit
// brings back what a rotation has just replaced.
Expected<TaskEditRow> CipherRepository::sealed_edit(TaskId task_id, const TaskEditRow& edit) {
  ESTEIRA_TRY(need_keyring());
  auto sealed = edit;
  auto data_key = random_secret();
  sealed.drops_checkpoint = true;
  const auto ciphers = ESTEIRA_TRY(ciphers_of(std::array{task_id}));
  if (!ciphers.empty()) {
    const auto found = keyring_->unwrap(task_id, ciphers.begin()->second);
    if (!found && found.error().code == ErrorCode::unavailable) {
      return std::unexpected(found.error());
    }
    // What was tampered with is made good by the edit.
    if (found) data_key = *found;
    sealed.drops_checkpoint = !found;
  }
  sealed.payload = esteira::seal(data_key, task_id, SealedField::payload, *edit.payload);
  sealed.cipher = keyring_->wrap(task_id, data_key);
  if (edit.flow_key && !edit.flow_key->empty()) {
    sealed.flow_key = ESTEIRA_TRY(keyed_hash("flow", *edit.flow_key));
  }
  return sealed;
}

Expected<TaskBatch> CipherRepository::create_batch(const std::string& batch_id,
                                                   const std::optional<NewTaskRow>& finish,
                                                   Time now) {
  if (!finish || !finish->terms.encrypted) return inner().create_batch(batch_id, finish, now);
  const auto rows = ESTEIRA_TRY(sealing({&*finish, 1}));
  return inner().create_batch(batch_id, rows.front(), now);
}

Expected<EditAnswer> CipherRepository::edit(TaskId task_id, const TaskEditRow& edit, Time now) {
  auto row = edit;
  if (edit.payload && edit.encrypted) row = ESTEIRA_TRY(sealed_edit(task_id, edit));
  auto answer = inner().edit(task_id, row, now);
  if (!answer) return answer;
  std::vector<Task*> shown;
  for (auto* task : {&answer->before, &answer->after}) {
    if (*task) shown.push_back(&**task);
  }
  // It is done: what can't be shown of it is no reason to say otherwise.
  if (!reveal(shown)) {
    for (auto* task : shown) {
      if (task->encrypted) task->payload = task->result = nullptr;
    }
  }
  return answer;
}

// A root that is made inside goes with a transaction that is undone: it is made before, where that
// can be, and what was learned of it inside is forgotten.
Expected<void> CipherRepository::atomically(const std::function<Expected<void>()>& work) {
  if (keyring_) static_cast<void>(root());
  auto done = inner().atomically(work);
  if (done) return done;
  const MutexLock lock(mutex_);
  root_.reset();
  return done;
}

// --- kept answers -----------------------------------------------------------------------------

// Whose answer shows a task is not known here, so that with a keyring each is sealed.
Expected<void> CipherRepository::keep_answer(std::string_view actor, std::string_view key,
                                             const KeptAnswer& answer, Time now) {
  if (!keyring_) return inner().keep_answer(actor, key, answer, now);
  const auto sealed = seal_named(ESTEIRA_TRY(root()), answer_name(actor, key), text_of(answer));
  return inner().keep_answer(actor, key, {.hash = "", .status = answer.status, .body = sealed},
                             now);
}

// Answers without a hash are sealed, and no others: callers' hashes are never empty.
Expected<std::optional<KeptAnswer>> CipherRepository::kept_answer(std::string_view actor,
                                                                  std::string_view key, Time now) {
  auto kept = ESTEIRA_TRY(inner().kept_answer(actor, key, now));
  if (!kept || !kept->hash.empty()) return kept;
  const auto key_of_all = ESTEIRA_TRY(root());
  const auto text = ESTEIRA_TRY(unseal_named(key_of_all, answer_name(actor, key), kept->body));
  return ESTEIRA_TRY(read_kept(text, kept->status));
}

// --- reading ------------------------------------------------------------------------------------

Expected<void> CipherRepository::reveal(std::span<Task* const> tasks) {
  std::vector<TaskId> ids;
  for (const auto* task : tasks) {
    if (task->encrypted) ids.push_back(task->task_id);
  }
  if (ids.empty()) return {};
  std::map<TaskId, TaskCipher> ciphers;
  if (keyring_) ciphers = ESTEIRA_TRY(ciphers_of(ids));
  for (auto* task : tasks) {
    if (!task->encrypted) continue;
    const auto open = [&]() -> Expected<void> {
      ESTEIRA_TRY(need_keyring());
      const auto cipher = ciphers.find(task->task_id);
      if (cipher == ciphers.end()) return erased();
      const auto data_key = ESTEIRA_TRY(keyring_->unwrap(task->task_id, cipher->second));
      return open_task(*task, data_key);
    };
    if (const auto opened = open(); !opened) {
      task->payload = nullptr;
      task->result = nullptr;
      task->unreadable = opened.error().message;
    }
  }
  return {};
}

Expected<std::optional<Task>> CipherRepository::task(TaskId task_id, Time now) {
  auto found = ESTEIRA_TRY(inner().task(task_id, now));
  if (found) ESTEIRA_TRY(reveal(std::array{&*found}));
  return found;
}

Expected<std::vector<Task>> CipherRepository::tasks(const TaskFilter& filter, Time now) {
  auto found = ESTEIRA_TRY(inner().tasks(filter, now));
  std::vector<Task*> shown;
  for (auto& task : found) shown.push_back(&task);
  ESTEIRA_TRY(reveal(shown));
  return found;
}

}  // namespace esteira
