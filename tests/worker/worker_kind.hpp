// The kinds of worker that keep one contract: what a task meets is the same in all of them.
#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "esteira/worker.hpp"

namespace esteira::test {

// A worker as a test drives it; what its calls mean stands at TaskWorker.
class AnyWorker {
 public:
  virtual ~AnyWorker() = default;
  [[nodiscard]] virtual Expected<void> start() = 0;
  virtual void request_stop() = 0;
  virtual bool wait() = 0;
  // As it stands with the tasks that it runs; once it is started.
  [[nodiscard]] virtual std::string name() const = 0;
};

struct WorkerKind {
  std::string_view name;
  std::unique_ptr<AnyWorker> (*make)(std::string url, const ProcessorRegistry& registry,
                                     WorkerOptions options);
};
// How a failed case names its kind.
std::ostream& operator<<(std::ostream& out, const WorkerKind& kind);

// TaskWorker, and a worker that knows the work protocol only.
[[nodiscard]] const std::vector<WorkerKind>& every_worker_kind();

}  // namespace esteira::test
