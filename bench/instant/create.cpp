// Creates the many, in bulk.
#include <chrono>

#include <fmt/format.h>

#include "esteira/repository.hpp"
#include "esteira/service.hpp"
#include "instant.hpp"

namespace esteira::instant {
namespace {

constexpr std::int64_t batch = 1'000;

NewTask new_task(const Settings& settings, std::int64_t number) {
  NewTask task{.type = "INSTANT",
               .payload = JsonObject{{"message_id", number},
                                     {"channel", "whatsapp"},
                                     {"to", "+5511999990000"},
                                     {"text", "a payload of the usual length"}}};
  task.options.scheduled_for = settings.at;
  return task;
}

}  // namespace

void create(const Settings& settings) {
  TaskService service(value_of(open_repository(settings.address, Migrate::always)));
  check(service.ensure_type(Noop{}));
  check(service.ensure_type(Urgent{}));
  check(service.ensure_type(Single{}));
  const auto begin = std::chrono::steady_clock::now();
  std::vector<NewTask> tasks;
  for (std::int64_t done = 0; done < settings.tasks; done += std::ssize(tasks)) {
    tasks.clear();
    const auto size = std::min(batch, settings.tasks - done);
    for (std::int64_t i = 0; i < size; ++i) tasks.push_back(new_task(settings, done + i));
    value_of(service.create_tasks(tasks));
  }
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
  fmt::print("{{\"seconds\": {:.3f}}}\n", passed.count());
}

}  // namespace esteira::instant
