#include "cipher/rotation.hpp"

#include "base/assert.hpp"

namespace esteira {
namespace {

// A program that still wraps by another key makes more as fast as they are wrapped anew.
constexpr int rounds_max = 10;

class Rotating {
 public:
  Rotating(TaskRepository& repository, const Keyring& keyring, int batch,
           const std::function<void(const Rotation&)>& progress)
      : repository_(repository), keyring_(keyring), batch_(batch), progress_(progress) {}

  // Whether any was left to be wrapped anew.
  Expected<bool> round() {
    rotation_.failed = 0;
    const auto before = rotation_.wrapped;
    for (const auto& count : ESTEIRA_TRY(repository_.cipher_counts())) {
      if (count.key_id != keyring_.current()) ESTEIRA_TRY(wrap_those_under(count.key_id));
    }
    return rotation_.wrapped > before;
  }
  [[nodiscard]] const Rotation& rotation() const { return rotation_; }

 private:
  Expected<void> wrap_those_under(const std::string& key_id) {
    TaskId after = -1;
    while (true) {
      const auto stored = ESTEIRA_TRY(repository_.ciphers_under(key_id, after, batch_));
      if (stored.empty()) return {};
      after = stored.back().task_id;
      std::vector<Rewrapped> rewrapped;
      for (const auto& [task_id, cipher] : stored) {
        if (const auto data_key = keyring_.unwrap(task_id, cipher)) {
          rewrapped.push_back({task_id, cipher.wrapped, keyring_.wrap(task_id, *data_key)});
        } else {
          note(data_key.error());
        }
      }
      if (!rewrapped.empty()) rotation_.wrapped += ESTEIRA_TRY(repository_.rewrap(rewrapped));
      if (progress_) progress_(rotation_);
      if (static_cast<int>(stored.size()) < batch_) return {};
    }
  }

  void note(const Error& error) {
    if (rotation_.failed++ == 0) rotation_.why = error.message;
  }

  TaskRepository& repository_;
  const Keyring& keyring_;
  const int batch_;
  const std::function<void(const Rotation&)>& progress_;
  Rotation rotation_;
};

}  // namespace

Expected<Rotation> rotate(TaskRepository& repository, const Keyring& keyring, int batch,
                          const std::function<void(const Rotation&)>& progress) {
  Rotating rotating(repository, keyring, batch, progress);
  for (int round = 0; round < rounds_max; ++round) {
    const bool any = ESTEIRA_TRY(rotating.round());
    if (!any) break;
  }
  return rotating.rotation();
}

}  // namespace esteira
