// A task type's JSON Schema: the first check of a payload. (The one place that knows the schema
// library.)
#pragma once

#include <memory>
#include <string_view>

#include "esteira/error.hpp"
#include "esteira/json.hpp"

namespace esteira {

// Compiled once, then only read: any thread may check with it.
class PayloadSchema {
 public:
  // Draft 7. invalid_argument with the reason; references to other documents are refused.
  [[nodiscard]] static Expected<PayloadSchema> compile(std::string_view text);
  PayloadSchema(PayloadSchema&&) noexcept;
  PayloadSchema& operator=(PayloadSchema&&) noexcept;
  ~PayloadSchema();

  // invalid_argument with a pointer and message for each place that is wrong, ten at most.
  [[nodiscard]] Expected<void> check(const Json& payload) const;

 private:
  struct Impl;
  explicit PayloadSchema(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

[[nodiscard]] Expected<void> check_schema(std::string_view text);

}  // namespace esteira
