// The kinds of store that keep the contract, each as a fresh database that goes with its object.
#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "esteira/repository.hpp"
#include "repository/repository.hpp"
#include "support/postgres_client.hpp"

namespace esteira::test {

// Another program's own transaction on its own connection, open until it is ended. Destroyed
// without a commit, it is rolled back.
class OtherTransaction {
 public:
  virtual ~OtherTransaction() = default;
  [[nodiscard]] virtual CallerConnection connection() const = 0;
  virtual void run(const std::string& sql) = 0;
  virtual void commit() = 0;
  virtual void roll_back() = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  // For open_repository.
  [[nodiscard]] virtual std::string url() const = 0;
  // Opened and migrated; throws where that fails.
  [[nodiscard]] virtual std::shared_ptr<TaskRepository> open() = 0;

  // What other programs see: only of stores of `shared_stores()`.
  [[nodiscard]] virtual std::unique_ptr<OtherTransaction> begin() = 0;
  // A plain SQL statement on a relation of the schema, without its prefix.
  virtual SqlRows query(const std::string& sql) = 0;
  // A connection that is none of this engine's.
  [[nodiscard]] virtual CallerConnection foreign_connection() = 0;

  // Only of stores of `shared_stores()`: an address without a schema.
  [[nodiscard]] virtual std::string empty_url() = 0;
  // Makes the database look as if a later program had migrated it.
  virtual void pretend_newer_schema() = 0;
  // Takes back every migration after `version`, which is 3 or more.
  virtual void take_back_to(int version) = 0;
  // Takes away what keeps the audit trail's rows from being changed.
  virtual void disarm_the_audit_trail() = 0;
  // True: a program that opens it migrates it; false: it must be migrated by hand.
  [[nodiscard]] virtual bool migrates_itself() const = 0;
};

struct StoreKind {
  std::string name;
  std::unique_ptr<Store> (*make)();
};
// How a failed case names its store.
std::ostream& operator<<(std::ostream& out, const StoreKind& kind);

[[nodiscard]] std::vector<StoreKind> every_store();
// Those that two connections can have open at once.
[[nodiscard]] std::vector<StoreKind> shared_stores();
// Those whose writers do not wait for each other.
[[nodiscard]] std::vector<StoreKind> concurrent_stores();
[[nodiscard]] std::string store_name(const testing::TestParamInfo<StoreKind>& info);

}  // namespace esteira::test
