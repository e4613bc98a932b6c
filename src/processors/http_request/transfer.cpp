#include "processors/http_request/transfer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <sys/socket.h>

#include <curl/curl.h>

#include "base/assert.hpp"
#include "base/utf8.hpp"
#include "processors/http_request/address.hpp"

namespace esteira::processors {

// A multi handle is driven by its one easy handle, because only it can be woken by a stop, and
// because it keeps connections and certificates between exchanges.
struct CurlHandle {
  struct EasyFree {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  struct MultiFree {
    void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
  };
  std::unique_ptr<CURLM, MultiFree> multi{curl_multi_init()};
  std::unique_ptr<CURL, EasyFree> easy{curl_easy_init()};
};

namespace {

using Clock = std::chrono::steady_clock;

constexpr long connections_kept_max = 4;  // of one handle
constexpr int poll_milliseconds = 1000;
constexpr std::size_t kept_header_value_bytes_max = 1024;
constexpr std::array<std::string_view, 11> kept_headers{
    "content-type", "content-encoding", "content-language", "date",
    "etag",         "last-modified",    "location",         "request-id",
    "retry-after",  "x-request-id",     "traceparent"};

// What the callbacks of one exchange see.
struct State {
  const HttpRequestOptions& options;
  HttpAnswer answer{};
  std::size_t header_bytes = 0;
  bool headers_too_large = false;
  bool headers_complete = false;
  bool body_began = false;
  bool socket_opened = false;
  std::optional<std::string_view> refused_class{};
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

// The address here is the one that curl connects to next, so a name that resolves to something
// else a moment later gains nothing.
curl_socket_t open_socket(void* user, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& state = *static_cast<State*>(user);
  if (!state.options.allow_private_addresses) {
    const auto refused = refused_address_class(&address->addr, address->addrlen);
    if (refused) {
      state.refused_class = refused;
      return CURL_SOCKET_BAD;
    }
  }
  state.socket_opened = true;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

void keep_header(std::string_view line, HttpAnswer& answer) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (std::ranges::find(kept_headers, name) == kept_headers.end()) return;
  if (!answer.header(name).empty()) return;
  answer.headers.push_back(
      {name, clean_text(trimmed(line.substr(colon + 1)), kept_header_value_bytes_max)});
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& state = *static_cast<State*>(user);
  const std::string_view line(data, size * count);
  state.header_bytes += line.size();
  if (state.header_bytes > state.options.response_header_bytes_max) {
    state.headers_too_large = true;
    return 0;
  }
  if (state.body_began) return line.size();  // a trailer
  // An interim answer (100, 103) came before; its headers are not those of the answer.
  if (line.starts_with("HTTP/")) state.answer.headers.clear();
  state.headers_complete = trimmed(line).empty();
  keep_header(line, state.answer);
  return line.size();
}

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& state = *static_cast<State*>(user);
  const std::string_view piece(data, size * count);
  state.body_began = true;
  const auto room = state.options.response_body_bytes_max - state.answer.body.size();
  state.answer.body.append(piece.substr(0, room));
  if (piece.size() <= room) return piece.size();
  state.answer.body_truncated = true;
  return 0;  // ends the transfer: the rest is not wanted
}

HeaderList make_headers(const HttpExchange& exchange) {
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
  if (!exchange.body) add("Content-Type:");
  return list;
}

void set_method(CURL* easy, const HttpExchange& exchange) {
  if (exchange.method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
  } else if (exchange.method == "GET") {
    set(easy, CURLOPT_HTTPGET, 1L);
  } else {
    // POST, PUT and PATCH without a body still say that it is empty.
    if (exchange.body || exchange.method != "DELETE") {
      const auto size = exchange.body ? exchange.body->size() : 0;
      set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(size));
      set(easy, CURLOPT_POSTFIELDS, exchange.body ? exchange.body->c_str() : "");
    }
    set(easy, CURLOPT_CUSTOMREQUEST, exchange.method.c_str());
  }
}

long milliseconds(Duration duration) {
  return std::max(1L, static_cast<long>(
                          std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()));
}

void set_rules(CURL* easy, const HttpExchange& exchange, State& state) {
  set(easy, CURLOPT_URL, exchange.url.c_str());
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_PROXY, "");  // none, not even from the environment
  set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(easy, CURLOPT_NOSIGNAL, 1L);
  // A resolver that hangs is left to end by itself, so that a stop is answered at once.
  set(easy, CURLOPT_QUICK_EXIT, 1L);
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(easy, CURLOPT_TIMEOUT_MS, milliseconds(exchange.timeout));
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(state.options.connect_timeout));
  set(easy, CURLOPT_USERAGENT, "esteira/" ESTEIRA_VERSION);
  set(easy, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(easy, CURLOPT_OPENSOCKETDATA, &state);
  set(easy, CURLOPT_HEADERFUNCTION, &take_header);
  set(easy, CURLOPT_HEADERDATA, &state);
  set(easy, CURLOPT_WRITEFUNCTION, &take_body);
  set(easy, CURLOPT_WRITEDATA, &state);
}

// Runs until the exchange ends; empty where it was stopped first.
std::optional<CURLcode> drive(CURLM* multi, const std::stop_token& stop) {
  const std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
  int running = 1;
  while (!stop.stop_requested()) {
    if (curl_multi_perform(multi, &running) != CURLM_OK) return CURLE_FAILED_INIT;
    int left = 0;
    const auto* message = curl_multi_info_read(multi, &left);
    if (message != nullptr && message->msg == CURLMSG_DONE) return message->data.result;
    if (curl_multi_poll(multi, nullptr, 0, poll_milliseconds, nullptr) != CURLM_OK) {
      return CURLE_FAILED_INIT;
    }
  }
  return std::nullopt;
}

ExchangeError describe(CURLcode code, const char* details, const State& state) {
  if (state.refused_class && !state.socket_opened) {
    return {ExchangeError::Kind::refused_address, "the host has a " +
                                                      std::string(*state.refused_class) +
                                                      " address, which requests may not go to"};
  }
  if (state.headers_too_large) return {.message = "the answer's headers are too large"};
  if (code == CURLE_OPERATION_TIMEDOUT) return {.message = "no complete answer in time"};
  const bool tls = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR;
  return {.message = tls && *details != '\0' ? details : curl_easy_strerror(code)};
}

}  // namespace

std::string_view HttpAnswer::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &HttpHeader::name);
  return found == headers.end() ? std::string_view() : found->value;
}

HttpClient::HttpClient(const HttpRequestOptions& options) : options_(options) {
  static const auto started = curl_global_init(CURL_GLOBAL_DEFAULT);
  ESTEIRA_ASSERT(started == CURLE_OK);
}

HttpClient::~HttpClient() = default;

std::unique_ptr<CurlHandle> HttpClient::take_handle() {
  {
    const MutexLock lock(mutex_);
    if (!idle_.empty()) {
      auto handle = std::move(idle_.back());
      idle_.pop_back();
      return handle;
    }
  }
  auto handle = std::make_unique<CurlHandle>();
  if (!handle->multi || !handle->easy) throw std::bad_alloc();
  curl_multi_setopt(handle->multi.get(), CURLMOPT_MAXCONNECTS, connections_kept_max);
  return handle;
}

void HttpClient::give_back(std::unique_ptr<CurlHandle> handle) {
  curl_easy_reset(handle->easy.get());
  const MutexLock lock(mutex_);
  idle_.push_back(std::move(handle));
}

std::expected<HttpAnswer, ExchangeError> HttpClient::run(const HttpExchange& exchange,
                                                         const std::stop_token& stop) {
  State state{.options = options_};
  std::array<char, CURL_ERROR_SIZE> details{};
  const auto headers = make_headers(exchange);
  auto handle = take_handle();
  auto* easy = handle->easy.get();
  set_rules(easy, exchange, state);
  set_method(easy, exchange);
  set(easy, CURLOPT_HTTPHEADER, headers.get());
  set(easy, CURLOPT_ERRORBUFFER, details.data());

  const auto began = Clock::now();
  curl_multi_add_handle(handle->multi.get(), easy);
  const auto code = drive(handle->multi.get(), stop);
  curl_multi_remove_handle(handle->multi.get(), easy);
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  give_back(std::move(handle));

  if (!code) return std::unexpected(ExchangeError{ExchangeError::Kind::stopped, "stopped"});
  if (*code != CURLE_OK && !state.answer.body_truncated) {
    return std::unexpected(describe(*code, details.data(), state));
  }
  // curl takes a connection that ends among the headers for a whole answer.
  if (!state.headers_complete || status < 200) {
    return std::unexpected(ExchangeError{.message = "the answer broke off"});
  }
  state.answer.status = static_cast<int>(status);
  state.answer.duration = std::chrono::duration_cast<Duration>(Clock::now() - began);
  return std::move(state.answer);
}

}  // namespace esteira::processors
