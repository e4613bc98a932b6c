// A program that holds its own background tasks: it creates two, runs a worker until nothing is
// left to do, and looks at how they ended. Usage: embed [DATABASE], by default sqlite:embed.db.
#include <cstdio>
#include <esteira/esteira.hpp>
#include <string>

#include "message_processor.hpp"

namespace {

int complain(const char* what, const esteira::Error& error) {
  std::fprintf(stderr, "embed: %s: %s\n", what, error.message.c_str());
  return 1;
}

int run(const std::string& database) {
  auto repository = esteira::open_repository(database, esteira::Migrate::always);
  if (!repository) return complain("can't open the database", repository.error());

  esteira::ProcessorRegistry registry;
  registry.add(std::make_shared<MessageProcessor>());
  auto service = esteira::TaskService{*repository, &registry};
  if (auto done = service.ensure_type(*registry.find("MESSAGE_SEND")); !done) {
    return complain("can't describe the type", done.error());
  }

  auto sent = service.create_task("MESSAGE_SEND", {{"message_id", 123}, {"channel", "whatsapp"}},
                                  {.priority = 1,
                                   .scheduled_for = esteira::parse_time("2024-12-25T00:00:00Z"),
                                   .max_retries = 3});
  if (!sent) return complain("can't create the task", sent.error());
  auto refused = service.create_task("MESSAGE_SEND", {{"message_id", 124}, {"channel", "pigeon"}});
  if (!refused) return complain("can't create the second task", refused.error());

  // A payload that the processor does not take never becomes a task.
  if (service.create_task("MESSAGE_SEND", {{"message_id", "?"}, {"channel", "sms"}})) {
    std::fputs("embed: a bad payload was taken\n", stderr);
    return 1;
  }

  esteira::TaskWorker worker{database, registry, {.concurrency = 4, .drain = true}};
  if (auto started = worker.start(); !started) {
    return complain("can't start the worker", started.error());
  }
  if (!worker.wait()) {
    std::fputs("embed: a processor did not come back\n", stderr);
    return 1;
  }

  const auto first = service.task(*sent);
  if (!first) return complain("can't read the task", first.error());
  const auto second = service.task(*refused);
  if (!second) return complain("can't read the second task", second.error());
  std::printf("task %lld: %s, %s\n", static_cast<long long>(first->task_id),
              std::string(to_text(first->status)).c_str(), esteira::to_text(first->result).c_str());
  std::printf("task %lld: %s, %s\n", static_cast<long long>(second->task_id),
              std::string(to_text(second->status)).c_str(),
              second->error_message.value_or("no error").c_str());
  const bool as_expected = first->status == esteira::TaskStatus::completed &&
                           first->result.at("message_id") == esteira::Json(123) &&
                           second->status == esteira::TaskStatus::failed &&
                           second->error_message == "no gateway for the channel pigeon";
  return as_expected ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return run(argc > 1 ? argv[1] : "sqlite:embed.db"); }
