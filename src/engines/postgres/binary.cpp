#include "engines/postgres/binary.hpp"

#include <bit>
#include <charconv>
#include <cstring>

#include <libpq-fe.h>

#include "base/assert.hpp"

namespace esteira::postgres {

namespace {

// PostgreSQL counts microseconds from the year 2000.
constexpr Time epoch = std::chrono::sys_days{std::chrono::year{2000} / 1 / 1};

std::int64_t read_number(const char* bytes, int length) {
  std::uint64_t value = 0;
  for (int i = 0; i < length; ++i) {
    value = (value << 8U) | static_cast<std::uint8_t>(bytes[i]);
  }
  switch (length) {
    case 1:
      return static_cast<std::int8_t>(value);
    case 2:
      return static_cast<std::int16_t>(value);
    case 4:
      return static_cast<std::int32_t>(value);
    default:
      return static_cast<std::int64_t>(value);
  }
}

// The elements of an array of one dimension, without nulls.
template <class Take>
void for_each_element(std::string_view value, Take take) {
  constexpr std::size_t head = 20;
  if (value.size() < head) return;  // null, or an array without dimensions
  value.remove_prefix(head);
  while (!value.empty()) {
    const auto length = static_cast<std::size_t>(read_number(value.data(), 4));
    take(value.substr(4, length));
    value.remove_prefix(4 + length);
  }
}

}  // namespace

void Params::start(unsigned oid) {
  oids_.push_back(oid);
  formats_.push_back(1);
  starts_.push_back(bytes_.size());
}

Params& Params::finish() {
  lengths_.push_back(static_cast<int>(bytes_.size() - starts_.back()));
  return *this;
}

void Params::patch(std::size_t at, std::size_t length) {
  for (std::size_t i = 0; i < 4; ++i) {
    bytes_[at + i] = static_cast<char>(length >> (24 - 8 * i));
  }
}

void Params::array_head(unsigned element_oid, int size) {
  number<std::int32_t>(size == 0 ? 0 : 1);  // dimensions
  number<std::int32_t>(0);                  // whether nulls follow: not looked at by the server
  number<std::int32_t>(static_cast<std::int32_t>(element_oid));
  if (size == 0) return;
  number<std::int32_t>(size);
  number<std::int32_t>(1);  // the lowest index
}

void Params::append(double value) { number<std::int64_t>(std::bit_cast<std::int64_t>(value)); }

void Params::append(Time value) { number<std::int64_t>((value - epoch).count()); }

void Params::append(const LeaseId& value) {
  for (const std::uint8_t byte : value.bytes) bytes_ += static_cast<char>(byte);
}

void Params::append(const Sha256& value) {
  for (const std::uint8_t byte : value) bytes_ += static_cast<char>(byte);
}

void Params::append(JsonText value) {
  bytes_ += '\1';  // the version of jsonb's binary form
  bytes_ += value.text;
}

std::vector<const char*> Params::values() const {
  std::vector<const char*> values(oids_.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = lengths_[i] < 0 ? nullptr : bytes_.data() + starts_[i];
  }
  return values;
}

void Rows::Clear::operator()(pg_result* result) const { PQclear(result); }

int Rows::size() const { return PQntuples(result_.get()); }

std::int64_t Rows::affected() const {
  const std::string_view text = PQcmdTuples(result_.get());
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

bool Rows::null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }

std::int64_t Rows::integer(int row, int column) const {
  return read_number(PQgetvalue(result_.get(), row, column),
                     PQgetlength(result_.get(), row, column));
}

double Rows::real(int row, int column) const {
  ESTEIRA_ASSERT(PQgetlength(result_.get(), row, column) == 8);
  return std::bit_cast<double>(integer(row, column));
}

bool Rows::truth(int row, int column) const {
  return *PQgetvalue(result_.get(), row, column) != '\0';
}

Time Rows::time(int row, int column) const {
  ESTEIRA_ASSERT(PQgetlength(result_.get(), row, column) == 8);
  return epoch + Duration{integer(row, column)};
}

std::string_view Rows::text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::string_view Rows::json(int row, int column) const {
  std::string_view value = text(row, column);
  if (!value.empty()) value.remove_prefix(1);  // the version of jsonb's binary form
  return value;
}

LeaseId Rows::lease_id(int row, int column) const {
  LeaseId id;
  ESTEIRA_ASSERT(text(row, column).size() == id.bytes.size());
  std::memcpy(id.bytes.data(), text(row, column).data(), id.bytes.size());
  return id;
}

Sha256 Rows::sha256(int row, int column) const {
  Sha256 digest;
  digest.fill(0xFF);
  const std::string_view value = text(row, column);
  if (value.size() == digest.size()) std::memcpy(digest.data(), value.data(), value.size());
  return digest;
}

std::vector<std::int64_t> Rows::integers(int row, int column) const {
  std::vector<std::int64_t> items;
  for_each_element(text(row, column), [&](std::string_view bytes) {
    items.push_back(read_number(bytes.data(), static_cast<int>(bytes.size())));
  });
  return items;
}

std::vector<std::string> Rows::texts(int row, int column) const {
  std::vector<std::string> items;
  for_each_element(text(row, column), [&](std::string_view bytes) { items.emplace_back(bytes); });
  return items;
}

std::optional<Time> Rows::time_or(int row, int column) const {
  if (null(row, column)) return std::nullopt;
  return time(row, column);
}

std::optional<std::string> Rows::text_or(int row, int column) const {
  if (null(row, column)) return std::nullopt;
  return std::string{text(row, column)};
}

std::optional<Duration> Rows::duration_or(int row, int column) const {
  if (null(row, column)) return std::nullopt;
  return Duration{integer(row, column)};
}

}  // namespace esteira::postgres
