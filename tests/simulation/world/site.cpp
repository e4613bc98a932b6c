#include "world/site.hpp"

namespace esteira::sim {
namespace {

struct Road {
  Road(TaskRepository& store, Process& process, Mistake mistake)
      : faulty(store, process), mistaken(mistaken_client(mistake, faulty)) {}
  FaultyRepository faulty;
  std::unique_ptr<TaskRepository> mistaken;
};

}  // namespace

std::shared_ptr<TaskRepository> Site::connect(Process& process) const {
  auto road = std::make_shared<Road>(store, process, mistake);
  auto* end = road->mistaken ? road->mistaken.get() : &road->faulty;
  return {std::move(road), end};
}

}  // namespace esteira::sim
