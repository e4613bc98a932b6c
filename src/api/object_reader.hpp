// Reads the fields of one JSON object and gathers what is wrong with them, so that a caller learns
// of everything at once.
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "esteira/json.hpp"
#include "esteira/time.hpp"

namespace esteira::api {

// RFC 6901: "/" and the name, whose bytes are cleaned and cut.
[[nodiscard]] std::string pointer_to(std::string_view name);

// invalid_argument with `fields`; the first makes the message.
[[nodiscard]] std::unexpected<Error> refuse_all(std::vector<FieldError> wrong);

// A field that is null is as if it were absent.
class ObjectReader {
 public:
  // What is wrong is added to `wrong`, under `prefix`, the object's own pointer. Both arguments
  // must outlive it.
  ObjectReader(const JsonObject& object, std::vector<FieldError>& wrong, std::string prefix = "")
      : object_(object), wrong_(wrong), prefix_(std::move(prefix)) {}

  [[nodiscard]] const Json* find(std::string_view name) const;
  // Refuses where it is absent.
  const Json* need(std::string_view name);
  void refuse(std::string_view name, std::string message);
  void refuse_item(std::string_view list, std::size_t place, std::string message);
  void refuse_others(std::span<const std::string_view> known, std::string_view whole);
  [[nodiscard]] std::string pointer(std::string_view name) const {
    return prefix_ + pointer_to(name);
  }

  std::optional<std::string> text(std::string_view name);
  std::optional<std::int64_t> whole(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<int> integer(std::string_view name, int least = std::numeric_limits<int>::min(),
                             int most = std::numeric_limits<int>::max());
  std::optional<double> number(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  std::optional<Duration> seconds(std::string_view name,
                                  Duration most = std::chrono::hours{24 * 366});
  std::optional<Time> time(std::string_view name);
  std::vector<std::string> texts(std::string_view name);
  // Null where it is absent, or no list, or a longer one.
  const JsonArray* list(std::string_view name, std::size_t items_max);

 private:
  const JsonObject& object_;
  std::vector<FieldError>& wrong_;
  const std::string prefix_;
};

}  // namespace esteira::api
