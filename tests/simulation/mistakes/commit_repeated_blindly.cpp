// A client that sends a commit again whose answer was lost, without asking whether it was done.
#include "mistakes/mistakes.hpp"

namespace esteira::sim {
namespace {

class CommitRepeatedBlindly final : public Delegate {
 public:
  using Delegate::Delegate;

  [[nodiscard]] Expected<std::vector<InsertedTask>> insert(std::span<const NewTaskRow> rows,
                                                           Time now) override {
    return again([&] { return inner().insert(rows, now); });
  }
  [[nodiscard]] Expected<TickAnswer> tick(const TickRequest& request, Time now) override {
    return again([&] { return inner().tick(request, now); });
  }

 private:
  template <class Call>
  auto again(Call&& call) -> decltype(call()) {
    auto answer = call();
    if (answer || answer.error().code != ErrorCode::in_doubt) return answer;
    return call();
  }
};

}  // namespace

std::unique_ptr<TaskRepository> commit_repeated_blindly(TaskRepository& repository) {
  return std::make_unique<CommitRepeatedBlindly>(repository);
}

}  // namespace esteira::sim
