// Creates single tasks for many callers at once: what arrives while one commit is under way shares
// the next. The commit is the price, not the row.
//
// DESIGN. One thread owns the connection. It takes all that waits, checks each task, and inserts
// those that pass in one transaction; where that is refused (a unique key that is held, an
// idempotency key that was used for something else), each is inserted alone, so that one caller's
// conflict is nobody else's. A caller is answered after the commit that holds its task.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "repository/repository.hpp"
#include "service/back_pressure.hpp"
#include "service/type_cache.hpp"

namespace esteira {

class ProcessorRegistry;

struct EnqueuedTask {
  Task task;
  bool created = true;  // false: the idempotency or the unique key answered an earlier task
};

// Thread-safe.
class EnqueueService {
 public:
  using Done = std::function<void(Expected<EnqueuedTask>)>;

  EnqueueService(std::shared_ptr<TaskRepository> repository, const ProcessorRegistry* registry,
                 std::shared_ptr<const Clock> clock);
  ~EnqueueService();  // when all that waits has been answered
  EnqueueService(const EnqueueService&) = delete;
  EnqueueService& operator=(const EnqueueService&) = delete;

  // Never blocks. `done` is called once, from this service's thread, with what TaskService::create
  // answers. Refused at once, and `done` not called: conflict (a task with this idempotency key is
  // being created just now), unavailable (too many wait).
  [[nodiscard]] Expected<void> enqueue(NewTask task, Done done);

  static constexpr std::size_t waiting_max = 10'000;

 private:
  struct Waiting {
    NewTask task;
    Done done;
    std::optional<NewTaskRow> row{};
  };
  void run();
  std::vector<Waiting> take();
  void create(std::vector<Waiting> batch);
  void insert(std::span<Waiting> batch);
  void answer(Waiting& waiting, Expected<EnqueuedTask> answer);
  Expected<EnqueuedTask> show(const Waiting& waiting, const InsertedTask& inserted, Time now);

  const std::shared_ptr<TaskRepository> repository_;
  const ProcessorRegistry* const registry_;
  const std::shared_ptr<const Clock> clock_;
  TypeCache types_;
  BackPressure pressure_;
  Mutex mutex_;
  Condition changed_;
  std::vector<Waiting> waiting_ ESTEIRA_GUARDED_BY(mutex_);
  std::set<std::string, std::less<>> keys_ ESTEIRA_GUARDED_BY(mutex_);  // being created
  bool stopping_ ESTEIRA_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all the others
};

}  // namespace esteira
