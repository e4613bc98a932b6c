#include "client/transfer.hpp"

#include <algorithm>
#include <array>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/utf8.hpp"

namespace esteira::client {

struct Transfer::Handle {
  struct EasyFree {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  std::unique_ptr<CURL, EasyFree> easy{curl_easy_init()};
};

namespace {

constexpr std::size_t header_value_bytes_max = 1024;

// What the callbacks of one exchange see.
struct State {
  const std::function<bool()>& stopped;
  Answer answer{};
  std::size_t header_bytes = 0;
  bool headers_complete = false;
  bool too_large = false;
  bool was_stopped = false;
};

struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListFree>;

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  const auto code = curl_easy_setopt(easy, option, value);
  ESTEIRA_ASSERT(code == CURLE_OK || code == CURLE_OUT_OF_MEMORY);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

bool same_name(std::string_view name, std::string_view lower_case) {
  return std::ranges::equal(name, lower_case, [](char one, char other) {
    return (one >= 'A' && one <= 'Z' ? static_cast<char>(one - 'A' + 'a') : one) == other;
  });
}

void keep_header(std::string_view line, Answer& answer) {
  const std::array<std::pair<std::string_view, std::string*>, 4> kept{
      {{"content-type", &answer.content_type},
       {"retry-after", &answer.retry_after},
       {"esteira-request-id", &answer.request_id},
       {"location", &answer.location}}};
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  for (const auto& [name, value] : kept) {
    if (!same_name(line.substr(0, colon), name)) continue;
    *value = clean_text(trimmed(line.substr(colon + 1)), header_value_bytes_max);
  }
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& state = *static_cast<State*>(user);
  const std::string_view line(data, size * count);
  state.header_bytes += line.size();
  if (state.header_bytes > answer_header_bytes_max) {
    state.too_large = true;
    return 0;
  }
  // An interim answer (100, 103) came before; its headers are not those of the answer.
  if (line.starts_with("HTTP/")) state.answer = {};
  state.headers_complete = trimmed(line).empty();
  keep_header(line, state.answer);
  return line.size();
}

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& state = *static_cast<State*>(user);
  const std::string_view piece(data, size * count);
  if (piece.size() > answer_bytes_max - state.answer.body.size()) {
    state.too_large = true;
    return 0;
  }
  state.answer.body += piece;
  return piece.size();
}

int look_for_a_stop(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& state = *static_cast<State*>(user);
  state.was_stopped = state.stopped && state.stopped();
  return state.was_stopped ? 1 : 0;
}

HeaderList make_headers(const Exchange& exchange) {
  HeaderList list;
  const auto add = [&list](const std::string& line) {
    auto* grown = curl_slist_append(list.get(), line.c_str());
    if (grown == nullptr) throw std::bad_alloc();
    if (!list) list.reset(grown);  // else its head stays the same
  };
  for (const auto& header : exchange.headers) {
    // curl takes "Name:" as "leave it out" and "Name;" as "send it empty".
    add(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  add("Expect:");
  add(exchange.body ? "Content-Type: application/json" : "Content-Type:");
  return list;
}

void set_method(CURL* easy, const Exchange& exchange) {
  if (exchange.method == "GET") {
    set(easy, CURLOPT_HTTPGET, 1L);
    return;
  }
  const std::string_view body = exchange.body ? *exchange.body : std::string_view("");
  set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  set(easy, CURLOPT_POSTFIELDS, body.data());
  set(easy, CURLOPT_CUSTOMREQUEST, exchange.method.c_str());
}

long milliseconds(Duration duration) {
  return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

void set_rules(CURL* easy, const Exchange& exchange, const std::optional<std::string>& ca_file,
               State& state) {
  set(easy, CURLOPT_URL, exchange.url.c_str());
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(easy, CURLOPT_PATH_AS_IS, 1L);
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  // On a kept connection that has died curl sends a request a second time by itself, although the
  // first may have been done.
  set(easy, CURLOPT_FRESH_CONNECT, exchange.method == "GET" ? 0L : 1L);
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_PROXY, "");  // none, not even from the environment
  set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (ca_file) {
    set(easy, CURLOPT_CAINFO, ca_file->c_str());
    set(easy, CURLOPT_CAPATH, nullptr);
  }
  set(easy, CURLOPT_TIMEOUT_MS, milliseconds(exchange.timeout));
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(connect_timeout));
  set(easy, CURLOPT_USERAGENT, "esteira/" ESTEIRA_VERSION);
  set(easy, CURLOPT_HEADERFUNCTION, &take_header);
  set(easy, CURLOPT_HEADERDATA, &state);
  set(easy, CURLOPT_WRITEFUNCTION, &take_body);
  set(easy, CURLOPT_WRITEDATA, &state);
  // What changes something is waited for: what had become of it would not be known.
  set(easy, CURLOPT_NOPROGRESS, exchange.method == "GET" ? 0L : 1L);
  set(easy, CURLOPT_XFERINFOFUNCTION, &look_for_a_stop);
  set(easy, CURLOPT_XFERINFODATA, &state);
}

// Nothing of the request can have reached a server.
bool was_not_sent(CURL* easy, CURLcode code) {
  long sent = 0;
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
  const bool before = code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT ||
                      code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR ||
                      code == CURLE_SSL_CACERT_BADFILE;
  return before || sent == 0;
}

Error describe(CURL* easy, CURLcode code, const char* details, const State& state) {
  if (state.was_stopped) return {.code = ErrorCode::internal, .message = "interrupted"};
  if (state.too_large) {
    return {.code = ErrorCode::internal,
            .message = fmt::format("the answer is larger than {} MiB: ask for less",
                                   answer_bytes_max / (1024 * 1024))};
  }
  const bool unsent = was_not_sent(easy, code);
  const std::string_view why = *details != '\0' ? details : curl_easy_strerror(code);
  return {.code = unsent ? ErrorCode::unavailable : ErrorCode::in_doubt,
          .message = clean_text(why, header_value_bytes_max)};
}

}  // namespace

Transfer::Transfer(std::optional<std::string> ca_file, std::function<bool()> stopped)
    : ca_file_(std::move(ca_file)),
      stopped_(std::move(stopped)),
      handle_(std::make_unique<Handle>()) {
  static const auto started = curl_global_init(CURL_GLOBAL_DEFAULT);
  ESTEIRA_ASSERT(started == CURLE_OK);
  if (!handle_->easy) throw std::bad_alloc();
}

Transfer::~Transfer() = default;

Expected<Answer> Transfer::run(const Exchange& exchange) {
  auto* easy = handle_->easy.get();
  State state{.stopped = stopped_};
  std::array<char, CURL_ERROR_SIZE> details{};
  const auto headers = make_headers(exchange);
  curl_easy_reset(easy);  // the connection stays
  set_rules(easy, exchange, ca_file_, state);
  set_method(easy, exchange);
  set(easy, CURLOPT_HTTPHEADER, headers.get());
  set(easy, CURLOPT_ERRORBUFFER, details.data());
  const auto code = curl_easy_perform(easy);
  if (code != CURLE_OK) return std::unexpected(describe(easy, code, details.data(), state));
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  // curl takes a connection that ends among the headers for a whole answer.
  if (status < 200 || !state.headers_complete)
    return fail(ErrorCode::in_doubt, "the answer broke off");
  state.answer.status = static_cast<int>(status);
  return std::move(state.answer);
}

}  // namespace esteira::client
