// A plain libpq program's view of a database: what an application beside Esteira does.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <libpq-fe.h>

namespace esteira::test {

using SqlRow = std::vector<std::optional<std::string>>;
using SqlRows = std::vector<SqlRow>;

class PostgresError : public std::runtime_error {
 public:
  PostgresError(const std::string& message, std::string state)
      : std::runtime_error(message), state_(std::move(state)) {}
  // The SQLSTATE, or "" where the connection is lost.
  [[nodiscard]] const std::string& state() const { return state_; }

 private:
  std::string state_;
};

class PostgresClient {
 public:
  // Throws PostgresError where it can't connect.
  explicit PostgresClient(const std::string& url);

  // One statement; its parameters are texts, its rows come as texts.
  SqlRows query(const std::string& sql, const std::vector<std::string>& parameters = {});
  // Statements without an answer, any number.
  void execute(const std::string& sql);
  [[nodiscard]] PGconn* handle() const { return connection_.get(); }

 private:
  struct Close {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  std::unique_ptr<PGconn, Close> connection_;
};

}  // namespace esteira::test
