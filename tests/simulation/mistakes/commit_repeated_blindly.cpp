// An enqueue whose answer was lost is committed again, without a key and without asking whether it
// was done.
#include "mistakes/mistakes.hpp"

namespace esteira::sim {
namespace {

class CommitRepeatedBlindly final : public Delegate {
 public:
  using Delegate::Delegate;

  [[nodiscard]] Expected<std::vector<InsertedTask>> insert(std::span<const NewTaskRow> rows,
                                                           Time now) override {
    auto answer = inner().insert(rows, now);
    if (answer || answer.error().code != ErrorCode::in_doubt) return answer;
    return inner().insert(rows, now);
  }
};

}  // namespace

std::unique_ptr<TaskRepository> commit_repeated_blindly(TaskRepository& repository) {
  return std::make_unique<CommitRepeatedBlindly>(repository);
}

}  // namespace esteira::sim
