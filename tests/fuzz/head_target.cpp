// Heads and what follows them: whatever `check_head` lets pass, the parser behind it (Boost.Beast)
// must read as a reader that only knows RFC 9112 does: the same request line, the same fields, and
// the same end of the message. An input is what a client sends.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "fuzz/target.hpp"
#include "http/head_check.hpp"
#include "http/message.hpp"

namespace esteira::fuzz {
namespace {

namespace beast = boost::beast;
using Parser = beast::http::request_parser<beast::http::string_body>;

constexpr std::size_t body_bytes_max = std::size_t{1024} * 1024;
constexpr std::string_view line_end = "\r\n";

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

// --- a second reader ----------------------------------------------------------------------------

using Fields = std::vector<std::pair<std::string, std::string_view>>;  // names in small letters

struct Head {
  std::string_view method;
  std::string_view target;
  bool version_10 = false;
  Fields fields{};
  bool chunked = false;
  std::optional<std::uint64_t> length{};
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string small(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

// Of a text that holds it.
std::string_view take_until(std::string_view& text, std::string_view end) {
  const auto size = text.find(end);
  require(size != std::string_view::npos, "a head that passed has all its parts");
  const auto part = text.substr(0, size);
  text.remove_prefix(size + end.size());
  return part;
}

Head read_head(std::string_view text) {
  Head head;
  auto line = take_until(text, line_end);
  head.method = take_until(line, " ");
  head.target = take_until(line, " ");
  head.version_10 = line == "HTTP/1.0";
  require(head.version_10 || line == "HTTP/1.1", "a version that is spoken");
  for (auto field = take_until(text, line_end); !field.empty();
       field = take_until(text, line_end)) {
    const auto name = take_until(field, ":");
    const auto value = trimmed(field);
    head.fields.emplace_back(small(name), value);
    if (http::same_name(name, "Transfer-Encoding")) {
      require(!head.chunked && http::same_name(value, "chunked"), "one coding, which is known");
      head.chunked = true;
    }
    if (http::same_name(name, "Content-Length")) {
      require(!head.length, "one length");
      head.length = 0;
      for (const char c : value) {
        require(c >= '0' && c <= '9', "a length has digits alone");
        head.length = *head.length * 10 + static_cast<std::uint64_t>(c - '0');
      }
    }
  }
  require(text.empty(), "the head ends with its empty line");
  require(!head.chunked || !head.length, "one thing says where the body ends");
  return head;
}

struct Body {
  bool whole = false;  // false: it is wrong, or does not end here
  std::string content{};
  std::size_t bytes = 0;  // that it takes of the stream
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A chunk's size: digits up to the end or to its extensions; nothing where it is none.
std::optional<std::size_t> chunk_size(std::string_view line) {
  std::size_t size = 0;
  std::size_t at = 0;
  for (; at < line.size() && hex_digit(line[at]) >= 0; ++at) {
    if (size > body_bytes_max) return std::nullopt;
    size = size * 16 + static_cast<std::size_t>(hex_digit(line[at]));
  }
  if (at == 0) return std::nullopt;
  const auto rest = trimmed(line.substr(at));
  if (!rest.empty() && rest.front() != ';') return std::nullopt;
  // No line may end within another for whoever takes a bare CR or LF for an end.
  if (rest.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    return std::nullopt;
  }
  return size;
}

Body read_chunks(std::string_view stream) {
  Body body;
  auto left = stream;
  for (;;) {
    const auto end = left.find(line_end);
    if (end == std::string_view::npos) return body;
    const auto size = chunk_size(left.substr(0, end));
    left.remove_prefix(end + line_end.size());
    if (!size) return body;
    if (*size == 0) break;
    if (left.size() < *size + line_end.size()) return body;
    if (left.substr(*size, line_end.size()) != line_end) return body;
    body.content += left.substr(0, *size);
    left.remove_prefix(*size + line_end.size());
  }
  for (;;) {  // the trailer's fields
    const auto end = left.find(line_end);
    if (end == std::string_view::npos) return body;
    const auto line = left.substr(0, end);
    left.remove_prefix(end + line_end.size());
    if (line.empty()) break;
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return body;
  }
  body.whole = true;
  body.bytes = stream.size() - left.size();
  return body;
}

Body read_body(const Head& head, std::string_view stream) {
  if (head.chunked) return read_chunks(stream);
  const auto length = head.length.value_or(0);
  if (length > stream.size()) return {};
  return {.whole = true, .content = std::string(stream.substr(0, length)), .bytes = length};
}

// --- the two readers side by side ---------------------------------------------------------------

// The parser puts fields of one name together: their order among themselves is what counts.
Fields by_name(Fields fields) {
  std::ranges::stable_sort(fields, {}, &Fields::value_type::first);
  return fields;
}

void compare_heads(const Parser& parser, const Head& head) {
  const auto& read = parser.get();
  require(view(read.method_string()) == head.method, "the same method");
  require(view(read.target()) == head.target, "the same target");
  require(read.version() == (head.version_10 ? 10U : 11U), "the same version");
  require(parser.chunked() == head.chunked, "the same coding");
  const auto length = parser.content_length();
  require(length.has_value() == head.length.has_value() && (!length || *length == *head.length),
          "the same length");
  Fields fields;
  for (const auto& one : read)
    fields.emplace_back(small(view(one.name_string())), view(one.value()));
  require(by_name(std::move(fields)) == by_name(head.fields), "the same fields");
}

void compare_bodies(Parser& parser, const Head& head, std::string_view stream) {
  parser.body_limit(body_bytes_max);
  parser.eager(true);
  boost::system::error_code error;
  std::size_t used = 0;
  while (!parser.is_done() && !error && used < stream.size()) {
    const auto left = stream.substr(used);
    used += parser.put(boost::asio::buffer(left.data(), left.size()), error);
  }
  if (!parser.is_done()) return;
  const auto body = read_body(head, stream);
  require(body.whole, "what is taken for a body is one");
  require(body.bytes == used, "the body ends at the same place");
  require(body.content == parser.get().body(), "the same body");
}

// As the server does it (src/http/connection.cpp).
void take(std::string_view stream) {
  const auto end = stream.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    static_cast<void>(http::check_head_so_far(stream));
    return;
  }
  const auto head_bytes = end + 4;
  const auto text = stream.substr(0, head_bytes);
  if (http::check_head(text)) return;
  const std::size_t step = text.size() / 64 + 1;
  for (std::size_t size = 0; size < text.size(); size += step) {
    require(!http::check_head_so_far(text.substr(0, size)), "a good head is good at its beginning");
  }
  const auto head = read_head(text);
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(2 * http::head_bytes_max));
  parser.body_limit(boost::none);
  parser.eager(false);
  auto check_chunk = [](std::uint64_t, beast::string_view extensions,
                        boost::system::error_code& error) {
    if (!http::is_sound_chunk_extension(view(extensions))) {
      error = beast::http::error::bad_chunk_extension;
    }
  };
  parser.on_chunk_header(check_chunk);
  boost::system::error_code error;
  const auto used = parser.put(boost::asio::buffer(text.data(), text.size()), error);
  if (error || !parser.is_header_done()) return;  // refused after all
  require(used == head_bytes, "the head ends at the same place");
  compare_heads(parser, head);
  // The server refuses it now, before the parser makes room for it.
  if (head.length.value_or(0) > body_bytes_max) return;
  compare_bodies(parser, head, stream.substr(head_bytes));
}

}  // namespace
}  // namespace esteira::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  esteira::fuzz::take(esteira::fuzz::text_of(data, size));
  return 0;
}
