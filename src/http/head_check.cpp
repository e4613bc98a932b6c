#include "http/head_check.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "http/message.hpp"

namespace esteira::http {
namespace {

using Problem = std::optional<HeadProblem>;

Problem bad(std::string detail, int status = 400) { return HeadProblem{status, std::move(detail)}; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_token_char(char c) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return is_digit(c) || is_letter(c) || others.find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}
// Visible ASCII: a target holds neither spaces nor controls nor bytes above.
bool is_target_char(char c) { return c > 0x20 && c < 0x7F; }
// A field's value: no controls but the tab. (Bytes above ASCII are obsolete, but harmless.)
bool is_value_char(char c) {
  return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Problem check_target(std::string_view target) {
  if (target.size() > target_bytes_max) {
    return bad(fmt::format("the target is longer than {} bytes", target_bytes_max), 414);
  }
  if (target.empty() || !std::ranges::all_of(target, is_target_char)) {
    return bad("the target holds something that must be percent-encoded");
  }
  if (target.find('#') != std::string_view::npos) return bad("the target holds a fragment");
  if (target.front() != '/') return bad("the target is not a path");
  return {};
}

Problem check_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return bad("the first line is not METHOD TARGET VERSION");
  }
  if (!is_token(line.substr(0, first))) return bad("the method is not a token");
  const auto version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    const bool other = version.starts_with("HTTP/");
    return bad("only HTTP/1.1 and HTTP/1.0 are spoken here", other ? 505 : 400);
  }
  return check_target(line.substr(first + 1, last - first - 1));
}

// What the fields say of the message's end and of whom it is meant for.
struct Framing {
  int lengths = 0;
  int codings = 0;
  int hosts = 0;
};

Problem check_length(std::string_view value) {
  // Eighteen digits are more than any limit and less than any overflow.
  if (value.empty() || value.size() > 18 || !std::ranges::all_of(value, is_digit)) {
    return bad("Content-Length is not a number of bytes");
  }
  return {};
}

Problem check_field(std::string_view line, Framing& framing) {
  if (line.front() == ' ' || line.front() == '\t') {
    return bad("a header field is folded over lines");
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return bad("a header field has no colon");
  const auto name = line.substr(0, colon);
  if (!is_token(name)) return bad("a header field's name is not a token");
  const auto value = trimmed(line.substr(colon + 1));
  if (!std::ranges::all_of(value, is_value_char)) {
    return bad("a header field's value holds a control character");
  }
  if (same_name(name, "Content-Length")) {
    if (++framing.lengths > 1) return bad("Content-Length stands twice");
    return check_length(value);
  }
  if (same_name(name, "Transfer-Encoding")) {
    if (++framing.codings > 1) return bad("Transfer-Encoding stands twice");
    if (!same_name(value, "chunked")) return bad("only the transfer coding chunked is known", 501);
  }
  if (same_name(name, "Host") && ++framing.hosts > 1) return bad("Host stands twice");
  return {};
}

Problem check_framing(const Framing& framing, bool version_10) {
  if (framing.lengths > 0 && framing.codings > 0) {
    return bad("both Content-Length and Transfer-Encoding say where the body ends");
  }
  if (framing.codings > 0 && version_10) return bad("HTTP/1.0 knows no Transfer-Encoding");
  if (framing.hosts == 0 && !version_10) return bad("the Host header is missing");
  return {};
}

}  // namespace

bool is_sound_chunk_extension(std::string_view text) {
  return std::ranges::all_of(text, is_value_char);
}

Problem check_head_so_far(std::string_view bytes) {
  if (bytes.find('\0') != std::string_view::npos) return bad("the head holds the character NUL");
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const bool bare_feed = bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r');
    const bool bare_return = bytes[i] == '\r' && i + 1 < bytes.size() && bytes[i + 1] != '\n';
    if (bare_feed || bare_return) return bad("a line does not end in CR LF");
  }
  const auto first_line = bytes.substr(0, bytes.find("\r\n"));
  if (first_line.size() > target_bytes_max + 64) {
    return bad(fmt::format("the target is longer than {} bytes", target_bytes_max), 414);
  }
  if (bytes.size() >= head_bytes_max) {
    return bad(fmt::format("the head is larger than {} bytes", head_bytes_max), 431);
  }
  return {};
}

Problem check_head(std::string_view head) {
  if (auto problem = check_head_so_far(head.substr(0, std::min(head.size(), head_bytes_max)))) {
    return problem;
  }
  if (!head.ends_with("\r\n\r\n")) return bad("the head does not end in an empty line");
  head.remove_suffix(2);
  const auto end = head.find("\r\n");
  const auto request_line = head.substr(0, end);
  if (auto problem = check_request_line(request_line)) return problem;
  Framing framing;
  std::size_t fields = 0;
  for (auto at = end + 2; at < head.size();) {
    const auto stop = head.find("\r\n", at);
    const auto line = head.substr(at, stop - at);
    if (line.empty()) return bad("the head holds an empty line");
    if (++fields > header_fields_max) {
      return bad(fmt::format("more than {} header fields", header_fields_max), 431);
    }
    if (auto problem = check_field(line, framing)) return problem;
    at = stop + 2;
  }
  return check_framing(framing, request_line.ends_with("HTTP/1.0"));
}

}  // namespace esteira::http
