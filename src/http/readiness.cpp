#include "http/readiness.hpp"

#include <exception>

#include "http/answers.hpp"
#include "http/problem.hpp"

namespace esteira::http {
namespace {

// Who asks again and again while the database hangs leaves no more behind than this.
constexpr std::size_t waiting_max = 1'000;

Response away() { return problem(503, "the database does not answer"); }

}  // namespace

void Readiness::ask(Done done) {
  bool first = false;
  bool full = false;
  {
    const MutexLock lock(mutex_);
    first = waiting_.empty();
    full = waiting_.size() >= waiting_max;
    if (!full) waiting_.push_back(done);
  }
  if (full) return done(away());
  if (!first) return;
  const bool posted = pool_.post([self = shared_from_this()](Services* services) {
    self->answer_all(self->answer(services));
  });
  if (!posted) answer_all(problem(503, "too many calls wait for the database: try again soon"));
}

// What throws here is part of answering a request: the HTTP handler's door.
Response Readiness::answer(Services* services) const {
  try {
    // These words are the program's own and say nothing of the inside.
    if (const auto state = ready_(); !state) return problem(503, state.error().message);
    if (services != nullptr && services->repository->ping()) return fine();
  } catch (const std::exception&) {
    return problem(503, "whether the database answers could not be found out");
  }
  return away();
}

void Readiness::answer_all(const Response& response) {
  std::vector<Done> waiting;
  {
    const MutexLock lock(mutex_);
    waiting = std::exchange(waiting_, {});
  }
  for (const auto& done : waiting) done(response);
}

}  // namespace esteira::http
