// A repository whose encrypted tasks are enciphered on their way in and deciphered on their way
// out: who stands before it sees neither, and the engine behind it never sees what they hold.
//
// DESIGN. A task whose terms say so has a data key of its own, drawn when its payload is enciphered
// and stored wrapped by a key of the keyring (`task_ciphers`). Payload, result and checkpoint are
// each bound to the task and to what they are. So a rotation changes only wrapped keys, what is
// copied from row to row does not open, and erasing the wrapped key erases the rest. What has to be
// found again by its hash (idempotency, the key of a flow) is hashed with a key made from the root,
// a data key of no task. Plain tasks are passed on as they are: of them nothing is looked at but
// that mark.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.hpp"
#include "cipher/keyring.hpp"
#include "repository/delegate.hpp"

namespace esteira {

class CipherRepository final : public DelegateRepository {
 public:
  // `keyring` may be null: then encrypted tasks are not made, not claimed, and shown without what
  // they hold.
  CipherRepository(std::shared_ptr<TaskRepository> inner, std::shared_ptr<const Keyring> keyring);

  [[nodiscard]] Expected<std::vector<TaskType>> types() override;
  [[nodiscard]] Expected<TaskType> put_type(const TaskType& type, Time now) override;
  [[nodiscard]] Expected<std::vector<InsertedTask>> insert(std::span<const NewTaskRow> rows,
                                                           Time now) override;
  [[nodiscard]] Expected<std::vector<InsertedTask>> insert_within(CallerConnection connection,
                                                                  std::span<const NewTaskRow> rows,
                                                                  Time now) override;
  [[nodiscard]] Expected<void> atomically(const std::function<Expected<void>()>& work) override;
  [[nodiscard]] Expected<std::optional<KeptAnswer>> kept_answer(std::string_view actor,
                                                                std::string_view key,
                                                                Time now) override;
  [[nodiscard]] Expected<void> keep_answer(std::string_view actor, std::string_view key,
                                           const KeptAnswer& answer, Time now) override;
  // in_doubt also where the claims were made and what deciphers them could not be read.
  [[nodiscard]] Expected<TickAnswer> tick(const TickRequest& request, Time now) override;
  [[nodiscard]] Expected<bool> has_ready(std::span<const TypeId> types, Time now) override;
  [[nodiscard]] Expected<std::optional<Task>> task(TaskId task_id, Time now) override;
  [[nodiscard]] Expected<std::vector<Task>> tasks(const TaskFilter& filter, Time now) override;
  [[nodiscard]] Expected<EditAnswer> edit(TaskId task_id, const TaskEditRow& edit,
                                          Time now) override;
  [[nodiscard]] Expected<TaskBatch> create_batch(const std::string& batch_id,
                                                 const std::optional<NewTaskRow>& finish,
                                                 Time now) override;
  // One whose payload can't be deciphered is shown with null; to change it, it must be.
  [[nodiscard]] Expected<std::vector<Schedule>> schedules() override;
  [[nodiscard]] Expected<std::optional<Schedule>> schedule(const std::string& name) override;
  [[nodiscard]] Expected<std::optional<Schedule>> lock_schedule(const std::string& name,
                                                                WhenLocked when) override;
  [[nodiscard]] Expected<void> put_schedule(const Schedule& schedule) override;

 private:
  // A run's data key stays the same; between runs it may change.
  using Run = std::pair<TaskId, int>;

  [[nodiscard]] static std::unexpected<Error> erased();
  // Leaves out what nobody can run without keys, where there are none: others have them.
  void keep_runnable(std::vector<TypeId>& types);
  [[nodiscard]] Expected<void> need_keyring() const;
  [[nodiscard]] Expected<Secret> root();
  [[nodiscard]] Expected<std::vector<NewTaskRow>> sealing(std::span<const NewTaskRow> rows);
  [[nodiscard]] Expected<std::string> keyed_hash(std::string_view label, std::string_view text);
  [[nodiscard]] Expected<std::map<TaskId, TaskCipher>> ciphers_of(std::span<const TaskId> ids);
  // Of runs that go on; one whose wrapped key was erased is left out.
  [[nodiscard]] Expected<std::map<Run, Secret>> data_keys(std::span<const Run> runs);
  [[nodiscard]] Expected<TickAnswer> tick_enciphered(TickRequest request, Time now);
  [[nodiscard]] Expected<void> reveal(std::vector<Claim>& claims);
  [[nodiscard]] Expected<void> reveal(std::span<Task* const> tasks);
  [[nodiscard]] Expected<void> open(Schedule& schedule);
  [[nodiscard]] Expected<TaskEditRow> sealed_edit(TaskId task_id, const TaskEditRow& edit);
  void keep(const Run& run, const Secret& data_key);

  const std::shared_ptr<TaskRepository> kept_;
  const std::shared_ptr<const Keyring> keyring_;
  Mutex mutex_;
  std::optional<Secret> root_ ESTEIRA_GUARDED_BY(mutex_);
  std::map<Run, Secret> runs_ ESTEIRA_GUARDED_BY(mutex_);
  // Those that were encrypted when the types were last read; of use without a keyring only.
  std::set<TypeId> encrypted_types_ ESTEIRA_GUARDED_BY(mutex_);
};

}  // namespace esteira
