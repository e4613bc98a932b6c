// The worker's tick: results and checkpoints on their way in, claims on their way out.
#include <algorithm>

#include "base/assert.hpp"
#include "cipher/cipher_repository.hpp"
#include "cipher/sealing.hpp"

namespace esteira {
namespace {

bool has_result(const Settlement& settlement) { return settlement.encrypted && settlement.result; }

const CheckpointNote* checkpoint_of(const Note& note) {
  const auto* checkpoint = std::get_if<CheckpointNote>(&note);
  return checkpoint != nullptr && checkpoint->encrypted ? checkpoint : nullptr;
}

bool has_checkpoint(const Note& note) { return checkpoint_of(note) != nullptr; }

Unreadable unreadable_of(const Error& error) {
  return {.for_good = error.code != ErrorCode::unavailable, .why = error.message};
}

Expected<void> open_claim(Claim& claim, const Secret& data_key) {
  const auto task_id = claim.fence.task_id;
  claim.payload = ESTEIRA_TRY(unseal(data_key, task_id, SealedField::payload, claim.payload));
  if (!claim.checkpoint) return {};
  claim.checkpoint =
      ESTEIRA_TRY(unseal(data_key, task_id, SealedField::checkpoint, *claim.checkpoint));
  return {};
}

}  // namespace

Expected<std::map<CipherRepository::Run, Secret>> CipherRepository::data_keys(
    std::span<const Run> runs) {
  ESTEIRA_TRY(need_keyring());
  std::map<Run, Secret> keys;
  std::vector<TaskId> missing;
  {
    const MutexLock lock(mutex_);
    for (const auto& run : runs) {
      const auto found = runs_.find(run);
      if (found == runs_.end()) missing.push_back(run.first);
      if (found != runs_.end()) keys.insert(*found);
    }
  }
  const auto ciphers = ESTEIRA_TRY(ciphers_of(missing));
  for (const auto& run : runs) {
    const auto cipher = ciphers.find(run.first);
    if (keys.contains(run) || cipher == ciphers.end()) continue;
    keys.emplace(run, ESTEIRA_TRY(keyring_->unwrap(run.first, cipher->second)));
  }
  return keys;
}

Expected<TickAnswer> CipherRepository::tick_enciphered(TickRequest request, Time now) {
  std::vector<Settlement> settlements(request.settlements.begin(), request.settlements.end());
  std::vector<Note> notes(request.notes.begin(), request.notes.end());
  const auto run_of = [](const Fence& fence) { return Run{fence.task_id, fence.attempt}; };
  std::vector<Run> runs;
  for (const auto& one : settlements) {
    if (has_result(one)) runs.push_back(run_of(one.fence));
  }
  for (const auto& note : notes) {
    if (const auto* checkpoint = checkpoint_of(note)) runs.push_back(run_of(checkpoint->fence));
  }
  const auto keys = ESTEIRA_TRY(data_keys(runs));
  // Without its key a task is gone, or was erased: nothing of it is kept.
  const auto sealed = [&](const Fence& fence, SealedField field, std::string_view text) {
    const auto key = keys.find(run_of(fence));
    return key == keys.end() ? "null" : seal(key->second, fence.task_id, field, text);
  };
  for (auto& one : settlements) {
    if (has_result(one)) one.result = sealed(one.fence, SealedField::result, *one.result);
  }
  for (auto& note : notes) {
    if (!has_checkpoint(note)) continue;
    auto& checkpoint = std::get<CheckpointNote>(note);
    checkpoint.state = sealed(checkpoint.fence, SealedField::checkpoint, checkpoint.state);
  }
  request.settlements = settlements;
  request.notes = notes;
  return inner().tick(request, now);
}

void CipherRepository::keep_runnable(std::vector<TypeId>& types) {
  if (keyring_) return;
  const MutexLock lock(mutex_);
  std::erase_if(types, [&](TypeId id) { return encrypted_types_.contains(id); });
}

Expected<bool> CipherRepository::has_ready(std::span<const TypeId> types, Time now) {
  std::vector<TypeId> asked(types.begin(), types.end());
  keep_runnable(asked);
  return inner().has_ready(asked, now);
}

Expected<TickAnswer> CipherRepository::tick(const TickRequest& request, Time now) {
  auto asked = request;
  if (asked.claim) {
    keep_runnable(asked.claim->types);
    keep_runnable(asked.claim->gated);
  }
  const bool enciphers = std::ranges::any_of(asked.settlements, has_result) ||
                         std::ranges::any_of(asked.notes, has_checkpoint);
  auto answer = enciphers ? tick_enciphered(std::move(asked), now) : inner().tick(asked, now);
  if (!answer) return answer;
  if (const auto revealed = reveal(answer->claims); !revealed) {
    // The claims stand: asked for again under their lease, they are read then.
    return fail(ErrorCode::in_doubt, revealed.error().message);
  }
  return answer;
}

Expected<void> CipherRepository::reveal(std::vector<Claim>& claims) {
  std::vector<TaskId> ids;
  for (const auto& claim : claims) {
    if (claim.terms.encrypted) ids.push_back(claim.fence.task_id);
  }
  if (ids.empty()) return {};
  std::map<TaskId, TaskCipher> ciphers;
  if (keyring_) ciphers = ESTEIRA_TRY(ciphers_of(ids));
  for (auto& claim : claims) {
    if (!claim.terms.encrypted) continue;
    const auto open = [&]() -> Expected<void> {
      ESTEIRA_TRY(need_keyring());
      const auto cipher = ciphers.find(claim.fence.task_id);
      if (cipher == ciphers.end()) return erased();
      const auto data_key = ESTEIRA_TRY(keyring_->unwrap(claim.fence.task_id, cipher->second));
      keep({claim.fence.task_id, claim.fence.attempt}, data_key);
      return open_claim(claim, data_key);
    };
    if (const auto opened = open(); !opened) {
      claim.payload = "null";
      claim.checkpoint.reset();
      claim.unreadable = unreadable_of(opened.error());
    }
  }
  return {};
}

}  // namespace esteira
