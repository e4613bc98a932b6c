// Encrypted types: a processor meets what was created, and nobody else does.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "worker_fixture.hpp"

namespace esteira::test {
namespace {

constexpr std::string_view marker = "PLAINTEXT-7";

std::shared_ptr<const Keyring> keyring_of(std::string id) {
  EncryptionKey key{.id = std::move(id)};
  key.secret.fill(7);
  return must(make_keyring(std::span{&key, 1}));
}

class Encryption : public EveryWorkerTest {
 protected:
  void SetUp() override {
    EveryWorkerTest::SetUp();
    use_keys(keyring_of("2026a"));
  }
  void use_keys(const std::shared_ptr<const Keyring>& keyring) {
    repository_ = must(open_repository(url(), Migrate::if_embedded, keyring));
    service_ = std::make_unique<TaskService>(repository_);
  }
  void add_encrypted(const std::string& name, LambdaProcessor::Process process) {
    add(name, std::move(process));
    auto encrypted = type(name);
    encrypted.flow.encrypted = true;
    encrypted.back_off.base = Duration{0};
    must(repository_->put_type(encrypted, must(repository_->server_time())));
    service_ = std::make_unique<TaskService>(repository_);
  }
  static WorkerOptions options_with(std::shared_ptr<const Keyring> keyring) {
    auto options = quick_options();
    options.keyring = std::move(keyring);
    return options;
  }
  // Everything that is on the disk.
  std::string bytes() {
    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      std::ifstream file(entry.path(), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  }
};

TEST_P(Encryption, a_processor_meets_the_payload_and_the_database_never_does) {
  add_encrypted("ECHO", [](const Task& task, ExecutionContext& context) {
    if (context.attempt() == 1) {
      context.checkpoint(JsonObject{{"half", task.payload.at("text")}});
      return TaskResult::failed("once more");
    }
    return TaskResult{JsonObject{{"text", task.payload.at("text")},
                                 {"half", context.last_checkpoint().at("half")}}};
  });
  const auto id = create("ECHO", JsonObject{{"text", marker}});
  drain(options_with(keyring_of("2026a")));
  const auto done = task(id);
  EXPECT_EQ(done.status, TaskStatus::completed);
  EXPECT_EQ(done.attempt, 2);
  EXPECT_EQ(done.result, Json(JsonObject{{"text", marker}, {"half", marker}}));
  EXPECT_TRUE(done.encrypted);
  const auto stored = bytes();
  EXPECT_NE(stored.find("esteira_encrypted"), std::string::npos) << "this is where tasks are kept";
  EXPECT_EQ(stored.find(marker), std::string::npos);
}

TEST_P(Encryption, a_worker_without_keys_leaves_the_tasks_to_others) {
  std::atomic<int> runs = 0;
  const auto process = [&](const Task& task, ExecutionContext&) {
    ++runs;
    return task.payload;
  };
  add_encrypted("ECHO", process);
  add("PLAIN", process);
  const auto encrypted = create("ECHO", JsonObject{{"text", marker}});
  const auto plain = create("PLAIN");
  {
    const auto worker = start();
    EXPECT_TRUE(reaches(plain, TaskStatus::completed));
    stop(*worker);
  }
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(task(encrypted).attempt, 0);
  drain(options_with(keyring_of("2026a")));
  EXPECT_EQ(task(encrypted).status, TaskStatus::completed);
}

TEST_P(Encryption, a_task_whose_key_is_not_at_hand_waits_unharmed) {
  std::atomic<int> runs = 0;
  add_encrypted("ECHO", [&](const Task& task, ExecutionContext&) {
    ++runs;
    return task.payload;
  });
  const auto id = create("ECHO", JsonObject{{"text", marker}});
  {
    const auto worker = start(options_with(keyring_of("another")));
    EXPECT_TRUE(eventually([&] { return !executions(id).empty(); }));
    stop(*worker);
  }
  EXPECT_EQ(runs, 0);
  const auto waiting = task(id);
  EXPECT_EQ(waiting.status, TaskStatus::pending);
  EXPECT_EQ(waiting.retries, 0);
  EXPECT_EQ(executions(id).at(0).status, ExecutionStatus::snoozed);
  EXPECT_EQ(waiting.payload, Json(JsonObject{{"text", marker}}));
}

INSTANTIATE_TEST_SUITE_P(Workers, Encryption, testing::ValuesIn(every_worker_kind()),
                         worker_kind_name);

}  // namespace
}  // namespace esteira::test
