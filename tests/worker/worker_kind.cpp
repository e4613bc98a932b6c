#include "worker_kind.hpp"

#include <ostream>

#include "protocol_worker.hpp"

namespace esteira::test {
namespace {

class InProcessWorker final : public AnyWorker {
 public:
  InProcessWorker(std::string url, const ProcessorRegistry& registry, WorkerOptions options)
      : worker_(std::move(url), registry, std::move(options)) {}

  [[nodiscard]] Expected<void> start() override { return worker_.start(); }
  void request_stop() override { worker_.request_stop(); }
  bool wait() override { return worker_.wait(); }
  [[nodiscard]] std::string name() const override { return worker_.name(); }

 private:
  TaskWorker worker_;
};

template <class Worker>
std::unique_ptr<AnyWorker> make(std::string url, const ProcessorRegistry& registry,
                                WorkerOptions options) {
  return std::make_unique<Worker>(std::move(url), registry, std::move(options));
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const WorkerKind& kind) { return out << kind.name; }

const std::vector<WorkerKind>& every_worker_kind() {
  static const std::vector<WorkerKind> kinds{{"in_process", make<InProcessWorker>},
                                             {"protocol", make<ProtocolWorker>}};
  return kinds;
}

}  // namespace esteira::test
