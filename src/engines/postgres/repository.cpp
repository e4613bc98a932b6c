#include "engines/postgres/repository.hpp"

#include "base/assert.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

// So many workers can add to one minute's counters without waiting for each other.
constexpr std::uint64_t shards = 16;

int draw_shard() {
  SystemRandom random;
  return static_cast<int>(random.next() % shards);
}

WorkerRecord read_worker(const Rows& rows, int row) {
  return {.name = std::string{rows.text(row, 0)},
          .host = std::string{rows.text(row, 1)},
          .pid = rows.small(row, 2),
          .version = std::string{rows.text(row, 3)},
          .types = rows.texts(row, 4),
          .slots = rows.small(row, 5),
          .started_at = rows.time(row, 6),
          .heartbeat_at = rows.time(row, 7),
          .command = static_cast<WorkerCommand>(rows.small(row, 8))};
}

Expected<void> check_schema(TaskRepository& repository) {
  const SchemaStatus status = ESTEIRA_TRY(repository.schema_status());
  if (status.usable()) return {};
  if (status.current > status.latest) {
    return fail(ErrorCode::unsupported, newer_schema(status.current, status.latest));
  }
  return fail(ErrorCode::unsupported, "the database's schema is at version " +
                                          std::to_string(status.current) + ", this program needs " +
                                          std::to_string(status.latest) +
                                          ": run `esteira migrate up`");
}

}  // namespace

Expected<std::shared_ptr<TaskRepository>> open(std::string_view url, Migrate migrate) {
  std::string address = ESTEIRA_TRY(describe_url(std::string{url}));
  auto repository = std::make_shared<Repository>(std::string{url}, std::move(address));
  switch (migrate) {
    case Migrate::always:
      ESTEIRA_TRY(repository->migrate({}));
      break;
    case Migrate::if_embedded:
      ESTEIRA_TRY(check_schema(*repository));
      break;
    case Migrate::never:
      ESTEIRA_TRY(repository->server_time());
      break;
  }
  return repository;
}

Repository::Repository(std::string url, std::string address)
    : address_(std::move(address)),
      shard_(draw_shard()),
      connection_(url),
      wake_(std::move(url), [this] { notify(); }) {}

Expected<void> Repository::ping() {
  const RecursiveLock lock{mutex_};
  ESTEIRA_TRY(connection_.read(sql::ping));
  return {};
}

Expected<Time> Repository::server_time() {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::server_time));
  return rows.time(0, 0);
}

Expected<void> Repository::put_worker(const WorkerRecord& worker) {
  const RecursiveLock lock{mutex_};
  Params params;
  params.add(worker.name)
      .add(worker.host)
      .add(worker.pid)
      .add(worker.version)
      .array<std::string_view>(worker.types)
      .add(worker.slots)
      .add(worker.started_at)
      .add(worker.heartbeat_at);
  ESTEIRA_TRY(connection_.write(sql::put_worker, std::move(params)));
  return {};
}

Expected<void> Repository::remove_worker(const std::string& name) {
  const RecursiveLock lock{mutex_};
  ESTEIRA_TRY(connection_.write(sql::remove_worker, Params{}.add(name)));
  return {};
}

Expected<std::vector<WorkerRecord>> Repository::workers() {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::workers));
  std::vector<WorkerRecord> workers;
  for (int row = 0; row < rows.size(); ++row) workers.push_back(read_worker(rows, row));
  return workers;
}

Expected<std::optional<WorkerRecord>> Repository::worker(const std::string& name) {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::worker_by_name, Params{}.add(name)));
  if (rows.size() == 0) return std::nullopt;
  return read_worker(rows, 0);
}

Expected<std::optional<WorkerCommand>> Repository::touch_worker(const std::string& name, Time now) {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.write(sql::touch_worker, Params{}.add(name).add(now)));
  if (rows.size() == 0) return std::nullopt;
  return static_cast<WorkerCommand>(rows.small(0, 0));
}

Expected<bool> Repository::command_worker(const std::string& name, WorkerCommand command) {
  const RecursiveLock lock{mutex_};
  Params params;
  params.add(name).add(static_cast<int>(command));
  const Rows rows = ESTEIRA_TRY(connection_.write(sql::command_worker, std::move(params)));
  return rows.size() > 0;
}

namespace {

// Ends the whole transaction at the end of a scope: undone unless it was kept.
class Whole {
 public:
  explicit Whole(Connection& connection) : connection_(connection) {}
  ~Whole() {
    if (open_) static_cast<void>(connection_.end_whole(/*keep=*/false));
  }
  Whole(const Whole&) = delete;
  Whole& operator=(const Whole&) = delete;

  Expected<void> begin() {
    auto begun = connection_.begin_whole();
    open_ = begun.has_value();
    return begun;
  }
  Expected<void> keep() {
    open_ = false;
    return connection_.end_whole(/*keep=*/true);
  }

 private:
  Connection& connection_;
  bool open_ = false;
};

}  // namespace

Expected<void> Repository::atomically(const std::function<Expected<void>()>& work) {
  const auto run = [&]() -> Expected<void> {
    const RecursiveLock lock{mutex_};
    const HintsHeld held{hints_};
    Whole whole{connection_};
    ESTEIRA_TRY(whole.begin());
    ESTEIRA_TRY(work());
    return whole.keep();
  };
  auto done = run();
  if (hints_.take()) hint();
  return done;
}

void Repository::hint() {
  if (!hints_.hold()) wake_.hint();
}

void Repository::listen(std::function<void()> wake) { wake_.listen(std::move(wake)); }

// A hint that is lost costs its receivers one poll.
void Repository::notify() {
  const RecursiveLock lock{mutex_};
  static_cast<void>(connection_.write(sql::notify));
}

}  // namespace esteira::postgres
