#include "service/enqueue_service.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/thread_name.hpp"
#include "domain/policy.hpp"
#include "service/new_task.hpp"

namespace esteira {
namespace {

constexpr std::size_t commit_tasks_max = 1000;

bool refused_for_one(ErrorCode code) {
  return code == ErrorCode::conflict || code == ErrorCode::invalid_argument;
}

}  // namespace

EnqueueService::EnqueueService(std::shared_ptr<TaskRepository> repository,
                               const ProcessorRegistry* registry,
                               std::shared_ptr<const Clock> clock)
    : repository_(std::move(repository)),
      registry_(registry),
      clock_(std::move(clock)),
      types_(*repository_, *clock_),
      pressure_(*repository_, *clock_),
      thread_([this] { run(); }) {}

EnqueueService::~EnqueueService() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

Expected<void> EnqueueService::enqueue(NewTask task, Done done) {
  const MutexLock lock(mutex_);
  if (stopping_ || waiting_.size() >= waiting_max) {
    return fail(ErrorCode::unavailable, "too many tasks wait to be created: try again soon");
  }
  if (const auto& key = task.options.idempotency_key; key && !keys_.insert(*key).second) {
    return fail(ErrorCode::conflict,
                "a task with this idempotency key is being created just now: ask again");
  }
  waiting_.push_back({std::move(task), std::move(done)});
  if (waiting_.size() == 1) changed_.notify_one();
  return {};
}

std::vector<EnqueueService::Waiting> EnqueueService::take() {
  const MutexLock lock(mutex_);
  while (waiting_.empty() && !stopping_) changed_.wait(mutex_);
  if (waiting_.size() <= commit_tasks_max) return std::exchange(waiting_, {});
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(commit_tasks_max);
  std::vector<Waiting> batch(std::make_move_iterator(waiting_.begin()),
                             std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return batch;
}

void EnqueueService::run() {
  name_this_thread("esteira-enqueue");
  // What waits at the end is still created: its callers are still there.
  for (auto batch = take(); !batch.empty(); batch = take()) create(std::move(batch));
}

void EnqueueService::create(std::vector<Waiting> batch) {
  // Without the keys of the encrypted the others are created all the same.
  std::vector<Waiting> good;
  std::vector<Waiting> encrypted;
  good.reserve(batch.size());
  const auto now = clock_->now();
  for (auto& one : batch) {
    auto row = check_new_task(one.task, types_, registry_, now);
    if (!row) {
      answer(one, std::unexpected(std::move(row).error()));
      continue;
    }
    if (auto admitted = pressure_.admit(std::span(&*row, 1), types_); !admitted) {
      answer(one, std::unexpected(std::move(admitted).error()));
      continue;
    }
    one.row = std::move(*row);
    (one.row->terms.encrypted ? encrypted : good).push_back(std::move(one));
  }
  if (!good.empty()) insert(good);
  if (!encrypted.empty()) insert(encrypted);
}

void EnqueueService::insert(std::span<Waiting> batch) {
  std::vector<NewTaskRow> rows;
  rows.reserve(batch.size());
  for (auto& one : batch) rows.push_back(*one.row);
  const auto now = clock_->now();
  auto inserted = repository_->insert(rows, now);
  if (!inserted && batch.size() > 1 && refused_for_one(inserted.error().code)) {
    for (auto& one : batch) insert(std::span(&one, 1));
    return;
  }
  if (inserted) repository_->hint();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (inserted) {
      answer(batch[i], show(batch[i], (*inserted)[i], now));
    } else {
      answer(batch[i], std::unexpected(about_only_task(inserted.error())));
    }
  }
}

// A task that was just made is known without asking for it.
Expected<EnqueuedTask> EnqueueService::show(const Waiting& waiting, const InsertedTask& inserted,
                                            Time now) {
  if (!inserted.created) {
    auto found = ESTEIRA_TRY(repository_->task(inserted.task_id, now));
    if (found) return EnqueuedTask{.task = std::move(*found), .created = false};
    return fail(ErrorCode::not_found,
                fmt::format("the task {} of this key was deleted", inserted.task_id));
  }
  const auto& row = *waiting.row;
  if (!row.terms.depends_on.empty()) {
    // What it depends on may have ended badly before, and it with them.
    auto found = ESTEIRA_TRY(repository_->task(inserted.task_id, now));
    if (found) return EnqueuedTask{.task = std::move(*found)};
  }
  Task task{.task_id = inserted.task_id,
            .type = std::string(canonical_type_name(waiting.task.type)),
            .priority = row.priority,
            .max_retries = row.max_retries,
            .payload = waiting.task.payload,
            .scheduled_for = row.scheduled_for,
            .created_at = now,
            .tags = row.tags,
            .unique_key = row.unique_key,
            .traceparent = row.traceparent};
  show_terms(row.terms, task);
  return EnqueuedTask{.task = std::move(task)};
}

void EnqueueService::answer(Waiting& waiting, Expected<EnqueuedTask> answer) {
  if (const auto& key = waiting.task.options.idempotency_key) {
    const MutexLock lock(mutex_);
    keys_.erase(*key);
  }
  waiting.done(std::move(answer));
}

}  // namespace esteira
