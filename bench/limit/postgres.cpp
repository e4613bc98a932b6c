#include <bit>
#include <cstdint>
#include <cstring>
#include <endian.h>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "limit.hpp"

namespace esteira::limit {
namespace {

constexpr Oid oid_int8 = 20;
constexpr Oid oid_int8_array = 1016;
constexpr Oid oid_timestamptz = 1184;
constexpr Oid oid_uuid = 2950;
constexpr Oid oid_jsonb = 3802;
constexpr Oid oid_jsonb_array = 3807;

// Network byte order, as the binary protocol has it.
void append32(std::string& bytes, std::uint32_t value) {
  value = htobe32(value);
  bytes.append(std::bit_cast<std::array<char, 4>>(value).data(), 4);
}
void append64(std::string& bytes, std::uint64_t value) {
  value = htobe64(value);
  bytes.append(std::bit_cast<std::array<char, 8>>(value).data(), 8);
}
std::string integer(std::int64_t value) {
  std::string bytes;
  append64(bytes, static_cast<std::uint64_t>(value));
  return bytes;
}
std::string array_head(Oid element, std::size_t size) {
  std::string bytes;
  for (const std::uint32_t word : {std::uint32_t{1}, std::uint32_t{0}, std::uint32_t{element},
                                   static_cast<std::uint32_t>(size), std::uint32_t{1}}) {
    append32(bytes, word);
  }
  return bytes;
}
std::string integers(std::span<const std::int64_t> values) {
  auto bytes = array_head(oid_int8, values.size());
  for (const auto value : values) {
    append32(bytes, 8);
    append64(bytes, static_cast<std::uint64_t>(value));
  }
  return bytes;
}
std::string documents(std::span<const std::string> texts) {
  auto bytes = array_head(oid_jsonb, texts.size());
  for (const auto& text : texts) {
    append32(bytes, static_cast<std::uint32_t>(text.size() + 1));
    bytes += '\1';
    bytes += text;
  }
  return bytes;
}

struct Value {
  Oid type = 0;
  std::string bytes;
};

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

std::int64_t integer_at(const Result& result, int row, int column) {
  std::uint64_t value = 0;
  std::memcpy(&value, PQgetvalue(result.get(), row, column), sizeof value);
  return static_cast<std::int64_t>(be64toh(value));
}

class Connection {
 public:
  explicit Connection(const std::string& url) : connection_(PQconnectdb(url.c_str()), &PQfinish) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) complain();
  }

  // Alone, at once.
  Result execute(const std::string& sql) {
    Result result{
        PQexecParams(connection_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1),
        &PQclear};
    check(result);
    return result;
  }
  // One more statement of the transaction that `commit` sends.
  void send(const std::string& sql, const std::vector<Value>& values = {}) {
    std::vector<Oid> types;
    std::vector<const char*> bytes;
    std::vector<int> sizes;
    for (const auto& value : values) {
      types.push_back(value.type);
      bytes.push_back(value.bytes.data());
      sizes.push_back(static_cast<int>(value.bytes.size()));
    }
    const std::vector<int> binary(values.size(), 1);
    if (sent_ == 0) begin();
    if (PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()),
                          types.data(), bytes.data(), sizes.data(), binary.data(), 1) == 0) {
      complain();
    }
    ++sent_;
  }
  // Sends what waits as one round trip, and answers the last statement's rows.
  Result commit() {
    send("COMMIT");
    PQpipelineSync(connection_.get());
    Result last{nullptr, &PQclear};
    for (int i = 0; i < sent_; ++i) {
      Result result{PQgetResult(connection_.get()), &PQclear};
      check(result);
      PQgetResult(connection_.get());  // the null that ends each statement's results
      if (i == sent_ - 2) last = std::move(result);
    }
    PQclear(PQgetResult(connection_.get()));  // the synchronisation
    PQexitPipelineMode(connection_.get());
    sent_ = 0;
    return last;
  }

 private:
  void begin() {
    PQenterPipelineMode(connection_.get());
    sent_ = 1;
    if (PQsendQueryParams(connection_.get(), "BEGIN", 0, nullptr, nullptr, nullptr, nullptr, 1) ==
        0) {
      complain();
    }
  }
  void check(const Result& result) const {
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) complain();
  }
  [[noreturn]] void complain() const {
    throw std::runtime_error(PQerrorMessage(connection_.get()));
  }

  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
  int sent_ = 0;
};

class Loop {
 public:
  Loop(Connection& connection, int type_id, int batch)
      : connection_(connection),
        insert_(fmt::format(
            "WITH orders AS (INSERT INTO esteira.task_requests "
            "(task_id, created_at, type_id, priority, max_retries, payload) "
            "SELECT nextval('esteira.task_ids'), now(), {0}, 0, 3, p FROM unnest($1) p "
            "RETURNING task_id, created_at) "
            "INSERT INTO esteira.task_ready (run_at, task_id, type_id, priority, attempt, retries, "
            "crashes, keyed) SELECT created_at, task_id, {0}, 0, 0, 0, 0, false "
            "FROM orders",
            type_id)),
        claim_(fmt::format(
            "WITH head AS MATERIALIZED (SELECT run_at, task_id FROM esteira.task_ready "
            "WHERE type_id = {0} AND priority = 0 AND (run_at, task_id) > ($1, $2) "
            "ORDER BY run_at, task_id LIMIT {1} FOR UPDATE SKIP LOCKED), "
            "gone AS (DELETE FROM esteira.task_ready r USING head h WHERE r.type_id = {0} "
            "AND r.priority = 0 AND r.run_at = h.run_at AND r.task_id = h.task_id "
            "RETURNING r.run_at, r.task_id), "
            "lease AS (INSERT INTO esteira.task_leases (lease_id, open_tasks, claimed_at, "
            "expires_at, worker, task_ids, attempts, run_ats) "
            "SELECT $3, count(*), now(), now() + interval '30 s', 'limit', array_agg(task_id), "
            "array_agg(1), array_agg(run_at) FROM gone HAVING count(*) > 0) "
            "SELECT g.task_id, g.run_at, now(), q.payload FROM gone g "
            "JOIN esteira.task_requests q USING (task_id) ORDER BY g.run_at, g.task_id",
            type_id, batch)) {}

  void enqueue(int first, int count) {
    std::vector<std::string> payloads;
    for (int i = first; i < first + count; ++i) payloads.push_back(payload(i));
    connection_.send(insert_, {{.type = oid_jsonb_array, .bytes = documents(payloads)}});
    connection_.commit();
  }

  // Finishes what the call before claimed and claims the next batch; answers its size.
  std::size_t tick() {
    finish();
    claim();
    return claimed_.size();
  }

 private:
  void finish() {
    if (claimed_.empty()) return;
    connection_.send(
        "INSERT INTO esteira.task_executions (task_id, started_at, completed_at, lease_id, "
        "attempt, retries, crashes, ends_task, status, worker, result) "
        "SELECT t, $3, now(), $4, 1, 0, 0, true, 'COMPLETED', 'limit', p "
        "FROM unnest($1, $2) AS done (t, p)",
        {{.type = oid_int8_array, .bytes = integers(claimed_)},
         {.type = oid_jsonb_array, .bytes = documents(payloads_)},
         {.type = oid_timestamptz, .bytes = integer(claimed_at_)},
         {.type = oid_uuid, .bytes = lease_}});
    connection_.send("DELETE FROM esteira.task_leases WHERE lease_id = $1",
                     {{.type = oid_uuid, .bytes = lease_}});
  }

  void claim() {
    lease_ = integer(static_cast<std::int64_t>(random_())) + integer(++leases_);
    connection_.send(claim_, {{.type = oid_timestamptz, .bytes = integer(mark_.run_at)},
                              {.type = oid_int8, .bytes = integer(mark_.task_id)},
                              {.type = oid_uuid, .bytes = lease_}});
    const auto rows = connection_.commit();
    const int count = PQntuples(rows.get());
    claimed_.clear();
    payloads_.clear();
    for (int row = 0; row < count; ++row) {
      claimed_.push_back(integer_at(rows, row, 0));
      mark_ = {.run_at = integer_at(rows, row, 1), .task_id = claimed_.back()};
      claimed_at_ = integer_at(rows, row, 2);
      // The first byte is jsonb's version.
      payloads_.emplace_back(PQgetvalue(rows.get(), row, 3) + 1,
                             static_cast<std::size_t>(PQgetlength(rows.get(), row, 3)) - 1);
    }
  }

  // The low-water mark: everything up to here has been claimed.
  struct Mark {
    std::int64_t run_at = 0;  // 2000-01-01
    std::int64_t task_id = 0;
  };

  Connection& connection_;
  const std::string insert_;
  const std::string claim_;
  std::mt19937_64 random_{std::random_device{}()};
  Mark mark_;
  std::vector<std::int64_t> claimed_;
  std::vector<std::string> payloads_;
  std::int64_t claimed_at_ = 0;
  std::string lease_;
  std::int64_t leases_ = 0;
};

int noop_type(Connection& connection) {
  const auto rows =
      connection.execute("SELECT type_id::bigint FROM esteira.task_types WHERE name = 'NOOP'");
  if (PQntuples(rows.get()) == 0) {
    throw std::runtime_error("there is no type NOOP: esteira type set NOOP");
  }
  return static_cast<int>(integer_at(rows, 0, 0));
}

}  // namespace

Rates measure_postgres(const Settings& settings) {
  Connection connection{settings.address};
  Loop loop{connection, noop_type(connection), settings.batch};
  Rates rates;
  const Stopwatch singles;
  for (int i = 0; i < settings.singles; ++i) loop.enqueue(i, 1);
  rates.enqueue_one_by_one_per_second = singles.rate(settings.singles);

  const Stopwatch batches;
  for (int i = 0; i < settings.tasks; i += settings.batch) {
    loop.enqueue(i, std::min(settings.batch, settings.tasks - i));
  }
  rates.enqueue_per_second = batches.rate(settings.tasks);

  // Without statistics the claim may be planned as a join by hash.
  connection.execute("ANALYZE esteira.task_ready, esteira.task_requests");
  int drained = 0;
  const Stopwatch drain;
  while (const auto claimed = loop.tick()) drained += static_cast<int>(claimed);
  rates.drain_per_second = drain.rate(drained);
  return rates;
}

}  // namespace esteira::limit
