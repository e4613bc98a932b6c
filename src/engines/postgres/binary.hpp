// PostgreSQL's binary wire values: the parameters of a statement and the rows of its answer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/sha256.hpp"
#include "domain/claim.hpp"
#include "esteira/time.hpp"

struct pg_result;

namespace esteira::postgres {

// JSON text that travels as jsonb.
struct JsonText {
  std::string_view text;
};

// Oids are the catalogue's, fixed for ever.
template <class T>
struct Wire;
template <>
struct Wire<bool> {
  static constexpr unsigned oid = 16, array_oid = 1000;
};
template <>
struct Wire<std::int64_t> {
  static constexpr unsigned oid = 20, array_oid = 1016;
};
template <>
struct Wire<int> {
  static constexpr unsigned oid = 23, array_oid = 1007;
};
template <>
struct Wire<std::string_view> {
  static constexpr unsigned oid = 25, array_oid = 1009;
};
template <>
struct Wire<double> {
  static constexpr unsigned oid = 701, array_oid = 1022;
};
template <>
struct Wire<Time> {
  static constexpr unsigned oid = 1184, array_oid = 1185;
};
template <>
struct Wire<LeaseId> {
  static constexpr unsigned oid = 2950, array_oid = 2951;
};
template <>
struct Wire<Sha256> {
  static constexpr unsigned oid = 17, array_oid = 1001;
};
template <>
struct Wire<JsonText> {
  static constexpr unsigned oid = 3802, array_oid = 3807;
};

// The parameters of one statement, in order: $1, $2, …
class Params {
 public:
  template <class T>
  Params& add(const T& value) {
    start(Wire<T>::oid);
    append(value);
    return finish();
  }
  Params& add(const std::string& value) { return add(std::string_view{value}); }
  template <class T>
  Params& add(const std::optional<T>& value) {
    return value ? add(*value) : null<T>();
  }
  template <class T>
  Params& null() {
    start(Wire<T>::oid);
    lengths_.push_back(-1);
    return *this;
  }

  // One array of `project(item)`, a T or an optional T. An array of nothing but nulls is sent
  // empty: unnest() fills the shorter arrays with nulls.
  template <class T, class Items, class Project>
  Params& array(const Items& items, Project project) {
    bool any = false;
    for (const auto& item : items) any = any || present(project(item));
    start(Wire<T>::array_oid);
    array_head(Wire<T>::oid, any ? static_cast<int>(std::size(items)) : 0);
    if (any) {
      for (const auto& item : items) element(project(item));
    }
    return finish();
  }
  template <class T, class Items>
  Params& array(const Items& items) {
    return array<T>(items, [](const auto& item) -> T { return T{item}; });
  }

  // Two parameters: an array, and what stands for each element that it does not have. Where all
  // items agree the array is sent empty, which spares the server a column.
  template <class T, class Items, class Project>
  Params& column(const Items& items, Project project) {
    bool same = true;
    for (const auto& item : items) same = same && project(item) == project(*std::begin(items));
    if (same && std::size(items) > 0) {
      start(Wire<T>::array_oid);
      array_head(Wire<T>::oid, 0);
      finish();
      return add(T{project(*std::begin(items))});
    }
    array<T>(items, project);
    return null<T>();
  }

  [[nodiscard]] int size() const { return static_cast<int>(oids_.size()); }
  [[nodiscard]] const unsigned* oids() const { return oids_.data(); }
  [[nodiscard]] const int* lengths() const { return lengths_.data(); }
  [[nodiscard]] const int* formats() const { return formats_.data(); }
  [[nodiscard]] std::vector<const char*> values() const;
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

 private:
  template <class T>
  static bool present(const T&) {
    return true;
  }
  template <class T>
  static bool present(const std::optional<T>& value) {
    return value.has_value();
  }
  template <class T>
  void element(const T& value) {
    const std::size_t at = bytes_.size();
    number<std::int32_t>(0);
    append(value);
    patch(at, bytes_.size() - at - 4);
  }
  template <class T>
  void element(const std::optional<T>& value) {
    if (value) return element(*value);
    number<std::int32_t>(-1);
  }
  template <class Number>
  void number(Number value) {
    for (int shift = static_cast<int>(sizeof(Number)) * 8 - 8; shift >= 0; shift -= 8) {
      bytes_ += static_cast<char>(static_cast<std::make_unsigned_t<Number>>(value) >> shift);
    }
  }
  void start(unsigned oid);
  Params& finish();
  void patch(std::size_t at, std::size_t length);
  void array_head(unsigned element_oid, int size);
  void append(bool value) { bytes_ += value ? '\1' : '\0'; }
  void append(int value) { number<std::int32_t>(value); }
  void append(std::int64_t value) { number<std::int64_t>(value); }
  void append(double value);
  void append(std::string_view value) { bytes_ += value; }
  void append(Time value);
  void append(const LeaseId& value);
  void append(const Sha256& value);
  void append(JsonText value);

  std::string bytes_;
  std::vector<std::size_t> starts_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<unsigned> oids_;
};

// The rows that a statement answered; columns are counted from 0. Views live as long as the rows.
class Rows {
 public:
  Rows() = default;
  explicit Rows(pg_result* result) : result_(result) {}

  [[nodiscard]] int size() const;
  // How many rows the statement inserted, updated or deleted.
  [[nodiscard]] std::int64_t affected() const;
  [[nodiscard]] bool null(int row, int column) const;
  [[nodiscard]] std::int64_t integer(int row, int column) const;
  [[nodiscard]] int small(int row, int column) const {
    return static_cast<int>(integer(row, column));
  }
  [[nodiscard]] double real(int row, int column) const;
  [[nodiscard]] bool truth(int row, int column) const;
  [[nodiscard]] Time time(int row, int column) const;
  [[nodiscard]] std::string_view text(int row, int column) const;
  [[nodiscard]] std::string_view json(int row, int column) const;
  [[nodiscard]] LeaseId lease_id(int row, int column) const;
  // What is no digest reads as one that nothing has.
  [[nodiscard]] Sha256 sha256(int row, int column) const;
  [[nodiscard]] std::vector<std::int64_t> integers(int row, int column) const;
  [[nodiscard]] std::vector<std::string> texts(int row, int column) const;

  [[nodiscard]] std::optional<Time> time_or(int row, int column) const;
  [[nodiscard]] std::optional<std::string> text_or(int row, int column) const;
  [[nodiscard]] std::optional<Duration> duration_or(int row, int column) const;

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

}  // namespace esteira::postgres
