// Whether the database answers: asked in the pool, one question at a time.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/mutex.hpp"
#include "esteira/error.hpp"
#include "http/message.hpp"
#include "http/service_pool.hpp"

namespace esteira::http {

// Those who ask while a question is under way share its answer, so that a database that hangs holds
// one thread of the pool for it, and not all. Thread-safe.
class Readiness : public std::enable_shared_from_this<Readiness> {
 public:
  using Done = std::function<void(Response)>;

  // `pool` must outlive the asking; `ready` is what this process says of itself beside the
  // database, and may be asked by any thread.
  Readiness(ServicePool& pool, std::function<Expected<void>()> ready)
      : pool_(pool), ready_(std::move(ready)) {}

  // Calls `done` once; while the database hangs, as late as it likes.
  void ask(Done done);

 private:
  Response answer(Services* services) const;
  void answer_all(const Response& response);

  ServicePool& pool_;
  const std::function<Expected<void>()> ready_;
  Mutex mutex_;
  std::vector<Done> waiting_ ESTEIRA_GUARDED_BY(mutex_);  // not empty: a question is under way
};

}  // namespace esteira::http
