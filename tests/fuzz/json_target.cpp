// The JSON parser and the readers of src/api: what comes from anywhere becomes a call, or a refusal
// that names the wrong places.
#include "api/new_task_json.hpp"
#include "api/work_json.hpp"
#include "base/utf8.hpp"
#include "esteira/json.hpp"
#include "fuzz/target.hpp"

namespace esteira::fuzz {
namespace {

// What a text grows to at most when it is written again: each byte an escape of six.
constexpr std::size_t bytes_max = std::size_t{16} * 1024 * 1024;

void check_refusal(const Error& error) {
  require(error.code == ErrorCode::invalid_argument, "a body is refused as such");
  require(!error.message.empty(), "a refusal has words");
  require(!error.fields.empty(), "a refusal names its places");
  for (const auto& field : error.fields) {
    require(field.pointer.empty() || field.pointer.front() == '/', "a place is a JSON pointer");
    require(find_invalid_utf8(field.pointer) == std::string_view::npos, "a pointer is UTF-8");
    require(!field.message.empty(), "each place says what is wrong");
  }
}

template <class T>
void check(const Expected<T>& read) {
  if (!read) check_refusal(read.error());
}

void check_text(const Json& body) {
  require(check_json(body).has_value(), "what was parsed is sound");
  const auto text = to_text(body);
  const auto again = parse_json(text, {.bytes_max = bytes_max});
  require(again.has_value(), "what is written can be read");
  require(to_text(*again) == text, "what is read is written alike");
  const auto pretty = parse_json(to_pretty_text(body), {.bytes_max = bytes_max});
  require(pretty && to_text(*pretty) == text, "white space changes nothing");
}

void read(std::string_view text) {
  const auto body = parse_json(text);
  if (!body) {
    require(body.error().code == ErrorCode::invalid_argument, "a text is refused as such");
    return;
  }
  check_text(*body);
  check(api::new_task_from_json(*body, api::IdempotencyKey::in_body));
  check(api::new_task_from_json(*body, api::IdempotencyKey::not_in_body));
  check(api::registration_from_json(*body));
  check(api::claim_from_json(*body));
  check(api::heartbeat_from_json(*body));
  check(api::report_from_json(*body));
}

}  // namespace
}  // namespace esteira::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  esteira::fuzz::read(esteira::fuzz::text_of(data, size));
  return 0;
}
