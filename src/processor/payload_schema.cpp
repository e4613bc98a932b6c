#include "processor/payload_schema.hpp"

#include <stdexcept>

#include <boost/json/serialize.hpp>

#include "base/assert.hpp"
#include "base/json_pointer.hpp"
#include "processor/schema_patterns.hpp"

// Without this the library ends the process at a schema that it can't read.
#define VALIJSON_USE_EXCEPTIONS 1

// The library's headers are not written for our warnings.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#pragma GCC diagnostic pop

namespace esteira {
namespace {

constexpr std::size_t errors_max = 10;

// valijson names a place as <root>[customer][0]; we answer with a JSON pointer.
std::string to_pointer(const std::vector<std::string>& context) {
  std::string pointer;
  for (std::size_t i = 1; i < context.size(); ++i) {
    std::string_view part = context[i];
    if (part.size() >= 2 && part.front() == '[') part = part.substr(1, part.size() - 2);
    pointer += pointer_step(part);
  }
  return pointer;
}

}  // namespace

struct PayloadSchema::Impl {
  valijson::Schema schema;
  bool has_patterns = false;
};

PayloadSchema::PayloadSchema(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PayloadSchema::PayloadSchema(PayloadSchema&&) noexcept = default;
PayloadSchema& PayloadSchema::operator=(PayloadSchema&&) noexcept = default;
PayloadSchema::~PayloadSchema() = default;

Expected<PayloadSchema> PayloadSchema::compile(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed) {
    return fail(ErrorCode::invalid_argument, "the schema is " + parsed.error().message);
  }
  if (!parsed->is_object() && !parsed->is_bool()) {
    return fail(ErrorCode::invalid_argument, "a JSON Schema is an object");
  }
  auto impl = std::make_unique<Impl>();
  impl->has_patterns = ESTEIRA_TRY(has_patterns(*parsed));
  // The library reports by exception; this is its door.
  try {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    const valijson::adapters::BoostJsonAdapter adapter(*parsed);
    parser.populateSchema(adapter, impl->schema);
  } catch (const std::exception& error) {
    return fail(ErrorCode::invalid_argument,
                std::string("the JSON Schema can't be used: ") + error.what());
  }
  return PayloadSchema(std::move(impl));
}

Expected<void> PayloadSchema::check(const Json& payload) const {
  if (impl_->has_patterns) ESTEIRA_TRY(check_text_lengths(payload));
  valijson::Validator validator;
  valijson::ValidationResults results;
  const valijson::adapters::BoostJsonAdapter target(payload);
  try {
    if (validator.validate(impl_->schema, target, &results)) return {};
  } catch (const std::exception& error) {
    return fail(ErrorCode::invalid_argument,
                std::string("the payload can't be checked against its schema: ") + error.what());
  }
  Error error{.code = ErrorCode::invalid_argument, .message = "the payload does not fit its type"};
  valijson::ValidationResults::Error one;
  while (error.fields.size() < errors_max && results.popError(one)) {
    error.fields.push_back({to_pointer(one.context), one.description});
  }
  if (!error.fields.empty()) {
    const auto& first = error.fields.front();
    error.message += ": " + (first.pointer.empty() ? "" : first.pointer + ": ") + first.message;
  }
  return std::unexpected(std::move(error));
}

Expected<void> check_schema(std::string_view text) {
  auto schema = PayloadSchema::compile(text);
  if (!schema) return std::unexpected(std::move(schema).error());
  return {};
}

}  // namespace esteira
