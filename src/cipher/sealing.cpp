#include "cipher/sealing.hpp"

#include <limits>

#include <fmt/format.h>

#include "base/assert.hpp"

namespace esteira {
namespace {

constexpr std::string_view member = "esteira_encrypted";
constexpr std::string_view opening = R"({"esteira_encrypted":")";
constexpr std::string_view closing = R"("})";
// Of the format: a later one begins with another.
constexpr char version = 1;
constexpr std::size_t salt_bytes = 16;
constexpr JsonLimits stored_json{.bytes_max = std::numeric_limits<std::size_t>::max()};

std::string_view to_text(SealedField field) {
  switch (field) {
    case SealedField::payload:
      return "payload";
    case SealedField::result:
      return "result";
    case SealedField::checkpoint:
      return "checkpoint";
  }
  return "";
}

std::string bound_to(TaskId task_id, SealedField field) {
  return fmt::format("esteira 1 {} of task {}", to_text(field), task_id);
}

// Base64 needs no escapes.
std::string object_of(std::string_view bytes) {
  return fmt::format("{}{}{}", opening, to_base64(std::string(1, version).append(bytes)), closing);
}

// Without the version.
std::optional<std::string> bytes_of(const Json& sealed) {
  const auto* object = sealed.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains(member);
  if (value == nullptr || object->size() != 1 || !value->is_string()) return std::nullopt;
  auto bytes = from_base64(value->get_string());
  if (!bytes || bytes->empty() || bytes->front() != version) return std::nullopt;
  return bytes->substr(1);
}

std::unexpected<Error> changed(std::string_view what) {
  return fail(ErrorCode::internal,
              fmt::format("its {} does not open: it was changed, or is not its own", what));
}

}  // namespace

std::string seal(const Secret& data_key, TaskId task_id, SealedField field, std::string_view text) {
  return object_of(encipher(data_key, random_nonce(), bound_to(task_id, field), text));
}

Expected<std::string> unseal(const Secret& data_key, TaskId task_id, SealedField field,
                             const Json& sealed) {
  const auto bytes = bytes_of(sealed);
  auto text = bytes ? decipher(data_key, bound_to(task_id, field), *bytes) : std::nullopt;
  if (text) return *std::move(text);
  return changed(to_text(field));
}

Expected<std::string> unseal(const Secret& data_key, TaskId task_id, SealedField field,
                             std::string_view sealed) {
  const auto json = parse_json(sealed, stored_json);
  return json ? unseal(data_key, task_id, field, *json) : changed(to_text(field));
}

std::string seal_named(const Secret& root, std::string_view name, std::string_view text) {
  const auto salt = random_bytes(salt_bytes);
  const auto key = derive(root, fmt::format("esteira 1 seal {}", salt));
  return object_of(salt + encipher(key, random_nonce(), name, text));
}

Expected<std::string> unseal_named(const Secret& root, std::string_view name,
                                   std::string_view sealed) {
  const auto json = parse_json(sealed, stored_json);
  const auto bytes = json ? bytes_of(*json) : std::nullopt;
  if (bytes && bytes->size() > salt_bytes) {
    const std::string_view all = *bytes;
    const auto key = derive(root, fmt::format("esteira 1 seal {}", all.substr(0, salt_bytes)));
    if (auto text = decipher(key, name, all.substr(salt_bytes))) return *std::move(text);
  }
  return changed("text");
}

}  // namespace esteira
