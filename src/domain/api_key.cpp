#include "domain/api_key.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.hpp"

namespace esteira {
namespace {

// The CRC of zip, gzip and PNG. A token is short, and read once a request: no table.
std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

std::string checksum(std::string_view bytes) {
  std::string text(token_checksum_size, token_signs[0]);
  std::uint32_t rest = crc32(bytes);
  for (auto sign = text.rbegin(); sign != text.rend(); ++sign) {
    *sign = token_signs[rest % token_signs.size()];
    rest /= static_cast<std::uint32_t>(token_signs.size());
  }
  return text;
}

bool only_token_signs(std::string_view text) {
  return text.find_first_not_of(token_signs) == std::string_view::npos;
}

}  // namespace

std::string_view to_text(Scope scope) {
  switch (scope) {
    case Scope::tasks_read:
      return "tasks:read";
    case Scope::tasks_write:
      return "tasks:write";
    case Scope::work:
      return "work";
    case Scope::metrics:
      return "metrics";
    case Scope::admin:
      return "admin";
  }
  return "";
}

Expected<Scope> parse_scope(std::string_view text) {
  for (const Scope scope : all_scopes) {
    if (to_text(scope) == text) return scope;
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("unknown scope '{}': there are tasks:read, tasks:write, work, metrics "
                          "and admin",
                          text.substr(0, 50)));
}

std::vector<std::string_view> scope_texts(ScopeSet scopes) {
  std::vector<std::string_view> texts;
  for (const Scope scope : all_scopes) {
    if (scopes.has(scope)) texts.push_back(to_text(scope));
  }
  return texts;
}

std::string to_text(ScopeSet scopes) {
  return fmt::format("{}", fmt::join(scope_texts(scopes), ","));
}

Expected<ScopeSet> parse_scopes(std::string_view text) {
  ScopeSet scopes;
  while (true) {
    const std::size_t comma = text.find(',');
    scopes.add(ESTEIRA_TRY(parse_scope(text.substr(0, comma))));
    if (comma == std::string_view::npos) return scopes;
    text.remove_prefix(comma + 1);
  }
}

ScopeSet known_scopes(std::string_view text) {
  ScopeSet scopes;
  while (true) {
    const std::size_t comma = text.find(',');
    if (const auto scope = parse_scope(text.substr(0, comma))) scopes.add(*scope);
    if (comma == std::string_view::npos) return scopes;
    text.remove_prefix(comma + 1);
  }
}

std::string token_text(std::string_view key_id, std::string_view secret) {
  std::string text{token_prefix};
  text.append(key_id).append("_").append(secret);
  return text + checksum(text);
}

std::optional<Token> parse_token(std::string_view text) {
  if (text.size() != token_size || !text.starts_with(token_prefix)) return std::nullopt;
  const std::string_view body = text.substr(0, token_size - token_checksum_size);
  const std::string_view id = body.substr(token_prefix.size(), key_id_size);
  const std::string_view secret = body.substr(token_size - token_checksum_size - key_secret_size);
  if (text[token_prefix.size() + key_id_size] != '_') return std::nullopt;
  if (!only_token_signs(id) || !only_token_signs(secret)) return std::nullopt;
  if (text.substr(body.size()) != checksum(body)) return std::nullopt;
  return Token{.key_id = id, .secret = secret};
}

bool is_key_id(std::string_view text) {
  return text.size() == key_id_size && only_token_signs(text);
}

}  // namespace esteira
