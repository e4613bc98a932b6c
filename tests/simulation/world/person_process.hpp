// A person who cancels, retries, deletes, pauses and resumes.
#pragma once

#include "esteira/service.hpp"
#include "service/type_service.hpp"
#include "world/site.hpp"

namespace esteira::sim {

class PersonProcess final : public Process {
 public:
  PersonProcess(const Site& site, std::string role, std::uint64_t part);

  Duration turn() override;
  // Nothing is paused any more.
  [[nodiscard]] bool content() const { return paused_.empty(); }

 protected:
  void forget() override { tools_.reset(); }

 private:
  struct Tools {
    Tools(const Site& site, PersonProcess& person);

    std::shared_ptr<TaskRepository> repository;
    TaskService tasks;
    TypeService types;
  };

  void change_a_task();
  void pause_a_type();
  void resume_all();

  const Site& site_;
  std::unique_ptr<Tools> tools_;
  std::vector<std::string> paused_;  // perhaps; written down
};

}  // namespace esteira::sim
