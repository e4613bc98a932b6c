#include "mistakes/mistakes.hpp"

#include <algorithm>
#include <array>

namespace esteira::sim {
namespace {

constexpr std::array<std::string_view, 5> names{
    "finish-without-fence", "heartbeat-without-fence", "attempt-counted-on-failure",
    "commit-repeated-blindly", "expired-without-paging"};

}  // namespace

std::span<const std::string_view> mistake_names() { return names; }

std::optional<Mistake> parse_mistake(std::string_view name) {
  const auto* found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Mistake>(found - names.begin() + 1);
}

std::unique_ptr<TaskRepository> mistaken_store(Mistake mistake, TaskRepository& store) {
  switch (mistake) {
    case Mistake::finish_without_fence:
      return finish_without_fence(store);
    case Mistake::heartbeat_without_fence:
      return heartbeat_without_fence(store);
    case Mistake::attempt_counted_on_failure:
      return attempt_counted_on_failure(store);
    case Mistake::none:
    case Mistake::commit_repeated_blindly:
    case Mistake::expired_without_paging:
      return nullptr;
  }
  return nullptr;
}

std::unique_ptr<TaskRepository> mistaken_client(Mistake mistake, TaskRepository& repository) {
  switch (mistake) {
    case Mistake::commit_repeated_blindly:
      return commit_repeated_blindly(repository);
    case Mistake::expired_without_paging:
      return expired_without_paging(repository);
    case Mistake::none:
    case Mistake::finish_without_fence:
    case Mistake::heartbeat_without_fence:
    case Mistake::attempt_counted_on_failure:
      return nullptr;
  }
  return nullptr;
}

}  // namespace esteira::sim
