#include "engines/postgres/connection.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <poll.h>

#include <libpq-fe.h>

#include "base/assert.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

using namespace std::chrono_literals;

namespace {

void ignore_notice(void* /*argument*/, const PGresult* /*result*/) {}

std::string first_line(std::string_view text) {
  return std::string{text.substr(0, text.find('\n'))};
}

bool starts_with_any(std::string_view text, std::span<const std::string_view> prefixes) {
  return std::ranges::any_of(prefixes, [&](std::string_view p) { return text.starts_with(p); });
}

// Away, going away, full, locked, cancelled by a timeout, or a victim of other transactions: the
// same call may succeed later.
constexpr std::array<std::string_view, 10> transient{"08",    "57P",   "53",    "40001", "40P01",
                                                     "55P03", "57014", "25006", "26000", "42P05"};

// Statements whose numbers vary are many; what comes after these is planned at each use.
constexpr std::size_t prepared_max = 200;

std::string_view state_of(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return state == nullptr ? std::string_view{} : std::string_view{state};
}

std::string_view column_of(const PGresult* result) {
  const char* column = PQresultErrorField(result, PG_DIAG_COLUMN_NAME);
  return column == nullptr ? std::string_view{} : std::string_view{column};
}

// A pool answers in the server's place when it loses it, wherever the server was; the server
// itself ends a session between statements only, so that its word before the last one is clear.
bool leaves_doubt(std::string_view state, bool last) {
  return state.empty() || state.starts_with("08") || (state.starts_with("57P") && last);
}

// A prepared statement is not there, or another's is: a pool that looks like a server.
bool statement_forgotten(std::string_view state) { return state == "26000" || state == "42P05"; }

// A column changed its type under a prepared statement. The state alone says less, and the message
// is translated.
bool plan_outlived(const PGresult* result) {
  const char* function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
  return state_of(result) == "0A000" && function != nullptr &&
         std::string_view{function} == "RevalidateCachedQuery";
}

// Whether a session ended on the server's side, so that what was sent after it got nowhere.
bool session_ended(std::string_view state) {
  return state.empty() || state.starts_with("08") || state.starts_with("57P");
}

// A part of a larger transaction.
constexpr std::string_view part_begin = "SAVEPOINT esteira_part";
constexpr std::string_view part_end = "RELEASE SAVEPOINT esteira_part";
constexpr std::string_view part_undo = "ROLLBACK TO SAVEPOINT esteira_part";

PGresult* execute(PGconn* connection, std::string_view sql, const Params& params) {
  const auto values = params.values();
  return PQexecParams(connection, sql.data(), params.size(), params.oids(), values.data(),
                      params.lengths(), params.formats(), /*resultFormat=*/1);
}

bool succeeded(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

}  // namespace

Error error_of(const pg_result* result, pg_conn* connection) {
  const std::string_view state = state_of(result);
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string words = primary != nullptr ? primary : first_line(PQerrorMessage(connection));
  if (state == "25006") {
    return {.code = ErrorCode::unavailable, .message = "the PostgreSQL server is read-only"};
  }
  if (state == "42P01" || state == "3F000") {
    return {.code = ErrorCode::unsupported,
            .message = "the database has no usable schema: run `esteira migrate up`"};
  }
  if (state.empty() || starts_with_any(state, transient) || plan_outlived(result)) {
    return {.code = ErrorCode::unavailable, .message = "PostgreSQL: " + words};
  }
  if (state == "23502" && column_of(result) == "type_id") {
    return {.code = ErrorCode::not_found, .message = "a task's type does not exist"};
  }
  if (state == "23505") return {.code = ErrorCode::conflict, .message = "PostgreSQL: " + words};
  return {.code = ErrorCode::internal,
          .message = "PostgreSQL: " + words + " (SQLSTATE " + std::string{state} + ")"};
}

std::string inlined(std::string_view sql, std::string_view mark, int number) {
  std::string text;
  std::size_t from = 0;
  for (std::size_t at = sql.find(mark); at != sql.npos; at = sql.find(mark, from)) {
    text += sql.substr(from, at - from);
    text += std::to_string(number);
    from = at + mark.size();
  }
  return text += sql.substr(from);
}

Expected<Handle> connect_to(const std::string& url) {
  // What the address says comes last and wins. A server that only reads is refused, and a host
  // that vanishes without a word is noticed within about half a minute.
  constexpr std::array names{"connect_timeout",           "keepalives_idle",
                             "keepalives_interval",       "keepalives_count",
                             "tcp_user_timeout",          "target_session_attrs",
                             "fallback_application_name", "dbname",
                             "client_encoding",           static_cast<const char*>(nullptr)};
  const std::array values{
      "5",          "15",      "5",         "3",    "30000",
      "read-write", "esteira", url.c_str(), "UTF8", static_cast<const char*>(nullptr)};
  Handle connection{PQconnectdbParams(names.data(), values.data(), /*expand_dbname=*/1), &PQfinish};
  if (connection == nullptr) return fail(ErrorCode::unavailable, "no memory for a connection");
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return fail(ErrorCode::unavailable,
                "cannot connect to PostgreSQL: " + first_line(PQerrorMessage(connection.get())));
  }
  PQsetNoticeReceiver(connection.get(), &ignore_notice, nullptr);
  return connection;
}

bool behind_pool(pg_conn* connection) {
  const Rows rows{PQexec(connection, sql::backend_pid.data())};
  return rows.size() != 1 || std::atoi(rows.text(0, 0).data()) != PQbackendPID(connection);
}

namespace {

// libpq finds a bad port only when it connects, where it looks like a server that is away. There
// is one for each host, and an empty one is the default.
Expected<void> check_ports(std::string_view ports) {
  while (!ports.empty()) {
    const auto port = ports.substr(0, ports.find(','));
    ports.remove_prefix(std::min(port.size() + 1, ports.size()));
    if (port.empty()) continue;
    int number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    const bool whole = error == std::errc{} && end == port.data() + port.size();
    if (whole && number >= 1 && number <= 65535) continue;
    return fail(ErrorCode::invalid_argument,
                "this is not a PostgreSQL address: a port is a number from 1 to 65535, not '" +
                    std::string{port.substr(0, 20)} + "'");
  }
  return {};
}

}  // namespace

Expected<std::string> describe_url(const std::string& url) {
  char* message = nullptr;
  PQconninfoOption* options = PQconninfoParse(url.c_str(), &message);
  if (options == nullptr) {
    const std::string words = message == nullptr ? "no memory" : first_line(message);
    PQfreemem(message);
    return fail(ErrorCode::invalid_argument, "this is not a PostgreSQL address: " + words);
  }
  std::string host;
  std::string port;
  std::string database;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    const std::string_view name = option->keyword;
    const std::string value = option->val == nullptr ? "" : option->val;
    if (name == "host") host = value;
    if (name == "port") port = value;
    if (name == "dbname") database = value;
  }
  PQconninfoFree(options);
  ESTEIRA_TRY(check_ports(port));
  return "postgresql://" + host + (port.empty() ? "" : ":" + port) + "/" + database;
}

Expected<Rows> CallerRunner::run(std::string_view sql, const Params& params) {
  PGresult* result = execute(connection_, sql, params);
  Rows rows{result};
  if (!succeeded(result)) return std::unexpected(error_of(result, connection_));
  return rows;
}

void Connection::Close::operator()(pg_conn* connection) const { PQfinish(connection); }

Expected<void> Connection::ensure() {
  if (connection_ != nullptr && alive()) return {};
  connection_.reset();
  const auto now = std::chrono::steady_clock::now();
  if (now < next_attempt_) {
    return fail(ErrorCode::unavailable, "the connection to PostgreSQL was lost; it is tried again");
  }
  auto connected = connect();
  if (connected) {
    failures_ = 0;
    return {};
  }
  // From 50 ms up to a second; the jitter keeps many programs from coming back together.
  const auto delay = std::min(1000ms, 50ms * (1 << std::min(failures_++, 5)));
  next_attempt_ =
      std::chrono::steady_clock::now() +
      std::chrono::duration_cast<std::chrono::milliseconds>(delay * (0.5 + random_.fraction() / 2));
  return connected;
}

Expected<void> Connection::connect() {
  Handle opened = ESTEIRA_TRY(connect_to(url_));
  prepared_.clear();
  preparing_.clear();
  sent_.clear();
  direct_ = !pooled_ && !behind_pool(opened.get());
  connection_.reset(opened.release());
  if (PQenterPipelineMode(connection_.get()) != 1) {
    connection_.reset();
    return fail(ErrorCode::unavailable, "PostgreSQL's connection refuses pipelining");
  }
  return {};
}

// A connection that the server closed while it was idle has something to read: found before the
// next transaction is sent, so that its outcome is not in doubt.
bool Connection::alive() {
  if (PQstatus(connection_.get()) != CONNECTION_OK) return false;
  pollfd descriptor{.fd = PQsocket(connection_.get()), .events = POLLIN, .revents = 0};
  if (poll(&descriptor, 1, 0) <= 0) return true;
  if (PQconsumeInput(connection_.get()) != 1) return false;
  // The end of the stream comes after the server's last words: a second look finds it.
  if (poll(&descriptor, 1, 0) > 0 && PQconsumeInput(connection_.get()) != 1) return false;
  return PQstatus(connection_.get()) == CONNECTION_OK;
}

Error Connection::lost(bool commits) {
  const std::string words =
      connection_ == nullptr ? "" : first_line(PQerrorMessage(connection_.get()));
  connection_.reset();
  if (commits) {
    return {.code = ErrorCode::in_doubt,
            .message = "the connection to PostgreSQL was lost while committing: " + words};
  }
  return {.code = ErrorCode::unavailable,
          .message = "the connection to PostgreSQL was lost: " + words};
}

Expected<std::string> Connection::prepare(const Statement& statement) {
  if (!direct_) return "";
  std::string text{statement.sql};
  if (const auto known = prepared_.find(text); known != prepared_.end()) return known->second;
  if (const auto known = preparing_.find(text); known != preparing_.end()) return known->second;
  if (prepared_.size() + preparing_.size() >= prepared_max) return "";
  std::string name = "esteira_" + std::to_string(++names_);
  if (PQsendPrepare(connection_.get(), name.c_str(), statement.sql.data(), statement.params.size(),
                    statement.params.oids()) != 1) {
    return std::unexpected(lost(/*commits=*/false));
  }
  sent_.emplace_back(text);
  preparing_.emplace(std::move(text), name);
  return name;
}

Expected<void> Connection::send(const Statement& statement) {
  const std::string name = ESTEIRA_TRY(prepare(statement));
  const Params& params = statement.params;
  const auto values = params.values();
  const int sent =
      name.empty()
          ? PQsendQueryParams(connection_.get(), statement.sql.data(), params.size(), params.oids(),
                              values.data(), params.lengths(), params.formats(),
                              /*resultFormat=*/1)
          : PQsendQueryPrepared(connection_.get(), name.c_str(), params.size(), values.data(),
                                params.lengths(), params.formats(), /*resultFormat=*/1);
  if (sent != 1) return std::unexpected(lost(/*commits=*/false));
  sent_.emplace_back(std::nullopt);
  return {};
}

// What is prepared stays so, whatever becomes of the transaction.
void Connection::take_prepared(std::optional<std::string> sql, bool succeeded) {
  const auto preparing = preparing_.find(*sql);
  if (succeeded) prepared_.insert(*preparing);
  preparing_.erase(preparing);
}

// Reads the answers up to the sync. The first error is the one that counts: the server skips what
// was sent after it.
Expected<std::vector<Rows>> Connection::receive(bool commits) {
  std::vector<Rows> answers;
  answers.reserve(sent_.size());
  std::optional<Error> error;
  bool in_doubt = false;
  bool prepared_useless = false;
  for (;;) {
    PGresult* result = PQgetResult(connection_.get());
    if (result == nullptr) {
      if (PQstatus(connection_.get()) != CONNECTION_OK) return std::unexpected(lost(commits));
      continue;  // between the answers of two statements
    }
    Rows rows{result};
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_PIPELINE_SYNC) break;
    // A server that ends says so beside the answers: words that belong to no statement.
    if (sent_.empty()) return std::unexpected(lost(commits));
    const std::optional<std::string> preparing = std::move(sent_.front());
    sent_.pop_front();
    if (preparing) take_prepared(preparing, succeeded(result));
    if (succeeded(result)) {
      if (!preparing) answers.push_back(std::move(rows));
    } else if (status != PGRES_PIPELINE_ABORTED && !error) {
      error = error_of(result, connection_.get());
      const std::string_view state = state_of(result);
      if (statement_forgotten(state)) pooled_ = true;
      prepared_useless = statement_forgotten(state) || plan_outlived(result);
      in_doubt = commits && leaves_doubt(state, /*last=*/sent_.empty());
      if (session_ended(state)) break;
    }
  }
  if (!error) {
    ESTEIRA_ASSERT(sent_.empty());
    return answers;
  }
  if (in_doubt) return std::unexpected(lost(/*commits=*/true));
  settle();
  // The next call connects anew and prepares what it needs, or nothing behind a pool.
  if (prepared_useless) connection_.reset();
  return std::unexpected(*std::move(error));
}

// Leaves no transaction open after an error; a connection that does not follow is given up.
void Connection::settle() {
  if (connection_ == nullptr) return;
  const PGTransactionStatusType status = PQtransactionStatus(connection_.get());
  if (status == PQTRANS_IDLE) return;
  if (undoing_ || status == PQTRANS_UNKNOWN || status == PQTRANS_ACTIVE) {
    return connection_.reset();
  }
  roll_back();
}

Expected<std::vector<Rows>> Connection::transaction(Effect effect,
                                                    std::span<const Statement> statements) {
  if (whole_) return part(statements);
  ESTEIRA_TRY(ensure());
  ESTEIRA_TRY(send({.sql = effect == Effect::reads ? "BEGIN READ ONLY" : "BEGIN"}));
  ESTEIRA_TRY(send({.sql = effect == Effect::reads ? sql::settings_read : sql::settings_write}));
  for (const Statement& statement : statements) ESTEIRA_TRY(send(statement));
  ESTEIRA_TRY(send({.sql = "COMMIT"}));
  const bool commits = effect == Effect::writes;
  if (PQpipelineSync(connection_.get()) != 1) return std::unexpected(lost(commits));
  auto answers = ESTEIRA_TRY(receive(commits));
  answers.erase(answers.begin(), answers.begin() + 2);
  answers.pop_back();
  return answers;
}

Expected<Rows> Connection::read(std::string_view sql, Params params) {
  const std::array statements{Statement{.sql = sql, .params = std::move(params)}};
  auto answers = ESTEIRA_TRY(transaction(Effect::reads, statements));
  return std::move(answers.front());
}

Expected<Rows> Connection::write(std::string_view sql, Params params) {
  const std::array statements{Statement{.sql = sql, .params = std::move(params)}};
  auto answers = ESTEIRA_TRY(transaction(Effect::writes, statements));
  return std::move(answers.front());
}

// The same inside a larger transaction.
Expected<std::vector<Rows>> Connection::part(std::span<const Statement> statements) {
  if (connection_ == nullptr) return std::unexpected(lost(/*commits=*/false));
  ESTEIRA_TRY(send({.sql = part_begin}));
  for (const Statement& statement : statements) ESTEIRA_TRY(send(statement));
  ESTEIRA_TRY(send({.sql = part_end}));
  if (PQpipelineSync(connection_.get()) != 1) return std::unexpected(lost(/*commits=*/false));
  auto answers = ESTEIRA_TRY(receive(/*commits=*/false));
  answers.erase(answers.begin());
  answers.pop_back();
  return answers;
}

Expected<void> Connection::command(std::string_view sql, bool commits) {
  if (connection_ == nullptr) return std::unexpected(lost(/*commits=*/false));
  ESTEIRA_TRY(send({.sql = sql}));
  if (PQpipelineSync(connection_.get()) != 1) return std::unexpected(lost(commits));
  ESTEIRA_TRY(receive(commits));
  return {};
}

Expected<void> Connection::begin_whole() {
  ESTEIRA_TRY(begin());
  whole_ = true;
  return {};
}

Expected<void> Connection::end_whole(bool keep) {
  whole_ = false;
  if (keep) return commit();
  roll_back();
  return {};
}

Expected<void> Connection::begin() {
  if (whole_) return command(part_begin, /*commits=*/false);
  ESTEIRA_TRY(ensure());
  ESTEIRA_TRY(send({.sql = "BEGIN"}));
  ESTEIRA_TRY(send({.sql = sql::settings_write}));
  if (PQpipelineSync(connection_.get()) != 1) return std::unexpected(lost(/*commits=*/false));
  ESTEIRA_TRY(receive(/*commits=*/false));
  return {};
}

Expected<Rows> Connection::run(std::string_view sql, const Params& params) {
  if (connection_ == nullptr) return std::unexpected(lost(/*commits=*/false));
  ESTEIRA_TRY(send({.sql = sql, .params = params}));
  if (PQpipelineSync(connection_.get()) != 1) return std::unexpected(lost(/*commits=*/false));
  auto answers = ESTEIRA_TRY(receive(/*commits=*/false));
  return std::move(answers.front());
}

Expected<void> Connection::commit() {
  return whole_ ? command(part_end, /*commits=*/false) : command("COMMIT", /*commits=*/true);
}

// Where this fails the connection is given up, and the whole with it.
void Connection::roll_back() {
  if (connection_ == nullptr || PQtransactionStatus(connection_.get()) == PQTRANS_IDLE) return;
  if (!send({.sql = whole_ ? part_undo : "ROLLBACK"})) return;
  undoing_ = true;
  if (PQpipelineSync(connection_.get()) != 1 || !receive(/*commits=*/false)) {
    connection_.reset();
  }
  undoing_ = false;
}

Expected<void> Connection::script(std::string_view sql) {
  if (connection_ == nullptr || PQexitPipelineMode(connection_.get()) != 1) {
    return std::unexpected(lost(/*commits=*/false));
  }
  PGresult* result = PQexec(connection_.get(), sql.data());
  const Rows rows{result};
  std::optional<Error> error;
  if (!succeeded(result)) error = error_of(result, connection_.get());
  if (PQenterPipelineMode(connection_.get()) != 1) connection_.reset();
  if (error) return std::unexpected(*std::move(error));
  return {};
}

}  // namespace esteira::postgres
