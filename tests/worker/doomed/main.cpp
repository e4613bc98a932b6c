// doomed_worker KIND URL TYPE: runs tasks of one type that never end, until it is killed.
#include <cstdio>

#include "../lambda_processor.hpp"
#include "../worker_kind.hpp"

namespace esteira::test {
namespace {

int run(std::string_view kind, const std::string& url, std::string type) {
  ProcessorRegistry registry;
  registry.add(std::make_shared<LambdaProcessor>(std::move(type), wait_for_stop));
  // The lease is renewed while it lives and ends soon after; others take it over.
  WorkerOptions options;
  options.concurrency = 4;
  options.lease = std::chrono::seconds{1};
  options.poll = std::chrono::milliseconds{20};
  options.maintenance = false;
  for (const auto& one : every_worker_kind()) {
    if (one.name != kind) continue;
    const auto worker = one.make(url, registry, options);
    if (const auto started = worker->start(); !started) {
      std::fprintf(stderr, "%s\n", started.error().message.c_str());
      return 1;
    }
    worker->wait();
  }
  return 1;
}

}  // namespace
}  // namespace esteira::test

int main(int count, char** arguments) {
  if (count != 4) return 2;
  return esteira::test::run(arguments[1], arguments[2], arguments[3]);
}
