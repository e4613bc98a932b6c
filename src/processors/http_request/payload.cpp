#include "processors/http_request/payload.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "base/json_pointer.hpp"
#include "base/utf8.hpp"
#include "esteira/processor.hpp"
#include "processors/http_request/url.hpp"

namespace esteira::processors {
namespace {

constexpr std::array<std::string_view, 6> methods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};

// What belongs to the connection, and what only Esteira may say.
constexpr std::array<std::string_view, 16> refused_headers{"accept-encoding",
                                                           "connection",
                                                           "content-length",
                                                           "expect",
                                                           "host",
                                                           "http2-settings",
                                                           "keep-alive",
                                                           "proxy-authenticate",
                                                           "proxy-authorization",
                                                           "proxy-connection",
                                                           "te",
                                                           "traceparent",
                                                           "trailer",
                                                           "trailers",
                                                           "transfer-encoding",
                                                           "upgrade"};
constexpr std::array<std::string_view, 2> refused_header_prefixes{"esteira-", "webhook-"};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// The pointer to a member, cut to what a message can bear.
std::string member_pointer(std::string_view parent, std::string_view name) {
  return std::string(parent) + pointer_step(clean_text(name, header_name_bytes_max));
}

bool is_token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           others.find(c) != std::string_view::npos;
  });
}

HttpHeader read_header(std::string_view name, const Json& value) {
  const auto pointer = member_pointer("/headers", name);
  if (!is_token(name) || name.size() > header_name_bytes_max) {
    throw InvalidPayload("this is not the name of a header", pointer);
  }
  const auto low = lower(name);
  const bool refused = std::ranges::find(refused_headers, low) != refused_headers.end() ||
                       std::ranges::any_of(refused_header_prefixes,
                                           [&](auto prefix) { return low.starts_with(prefix); });
  if (refused) throw InvalidPayload("this header is not the payload's to set", pointer);
  const auto* text = value.if_string();
  if (text == nullptr) throw InvalidPayload("the value of a header is a string", pointer);
  if (text->size() > header_value_bytes_max) {
    throw InvalidPayload(fmt::format("a header has at most {} bytes", header_value_bytes_max),
                         pointer);
  }
  if (!is_header_value(*text)) {
    throw InvalidPayload("a header holds no line break and no control character", pointer);
  }
  return {std::string(name), std::string(*text)};
}

std::vector<HttpHeader> read_headers(const Json& value) {
  const auto* object = value.if_object();
  if (object == nullptr) throw InvalidPayload("the headers are an object of strings", "/headers");
  if (object->size() > request_headers_max) {
    throw InvalidPayload(fmt::format("at most {} headers", request_headers_max), "/headers");
  }
  std::vector<HttpHeader> headers;
  std::set<std::string> names;
  for (const auto& [name, content] : *object) {
    headers.push_back(read_header(name, content));
    if (!names.insert(lower(name)).second) {
      throw InvalidPayload("this header stands twice", member_pointer("/headers", name));
    }
  }
  return headers;
}

int read_status(const Json& value, const std::string& pointer) {
  const auto* number = value.if_int64();
  if (number == nullptr || *number < 200 || *number > 599) {
    throw InvalidPayload("a status is a whole number from 200 to 599", pointer);
  }
  return static_cast<int>(*number);
}

std::vector<int> read_statuses(const Json& value) {
  const auto* array = value.if_array();
  if (array == nullptr) return {read_status(value, "/expected_status")};
  if (array->empty() || array->size() > expected_statuses_max) {
    throw InvalidPayload(fmt::format("1 to {} statuses", expected_statuses_max),
                         "/expected_status");
  }
  std::vector<int> statuses;
  for (const auto& one : *array) {
    statuses.push_back(read_status(one, fmt::format("/expected_status/{}", statuses.size())));
  }
  return statuses;
}

Duration read_timeout(const Json& value) {
  const double seconds = value.is_number() ? value.to_number<double>() : -1;
  const double most = std::chrono::duration<double>(request_timeout_max).count();
  const double least = std::chrono::duration<double>(request_timeout_min).count();
  if (!(seconds >= least && seconds <= most)) {
    throw InvalidPayload(fmt::format("the time limit is a number from {} to {}", least, most),
                         "/timeout_seconds");
  }
  return Duration(std::llround(seconds * 1e6));
}

std::string read_url(const Json& value) {
  const auto* text = value.if_string();
  if (text == nullptr || text->empty()) throw InvalidPayload("the URL is a string", "/url");
  if (text->size() > url_bytes_max) {
    throw InvalidPayload(fmt::format("a URL has at most {} bytes", url_bytes_max), "/url");
  }
  return std::string(*text);
}

std::string read_method(const Json& value) {
  const auto* text = value.if_string();
  if (text == nullptr || std::ranges::find(methods, std::string_view(*text)) == methods.end()) {
    throw InvalidPayload(fmt::format("the method is one of {}", fmt::join(methods, ", ")),
                         "/method");
  }
  return std::string(*text);
}

// The body goes out with a content type: curl would call it a form.
void read_body(const Json& value, HttpRequestPayload& request) {
  if (value.is_null()) return;
  const auto* text = value.if_string();
  request.body = text != nullptr ? std::string(*text) : to_text(value);
  const bool named = std::ranges::any_of(
      request.headers, [](const auto& header) { return lower(header.name) == "content-type"; });
  if (named) return;
  request.headers.push_back(
      {"Content-Type", text != nullptr ? "text/plain; charset=utf-8" : "application/json"});
}

void read_field(std::string_view name, const Json& value, HttpRequestPayload& request) {
  if (name == "url") {
    request.url = read_url(value);
  } else if (name == "method") {
    request.method = read_method(value);
  } else if (name == "headers") {
    request.headers = read_headers(value);
  } else if (name == "timeout_seconds") {
    request.timeout = read_timeout(value);
  } else if (name == "expected_status") {
    request.expected_statuses = read_statuses(value);
  } else if (name != "body") {
    throw InvalidPayload(
        "unknown field; known are url, method, headers, body, timeout_seconds "
        "and expected_status",
        member_pointer("", name));
  }
}

}  // namespace

bool is_header_value(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7F) || c == '\t';
  });
}

HttpRequestPayload read_http_request(const Json& payload) {
  const auto* object = payload.if_object();
  if (object == nullptr) throw InvalidPayload("the payload is an object");
  HttpRequestPayload request;
  for (const auto& [name, value] : *object) read_field(name, value, request);
  if (request.url.empty()) throw InvalidPayload("the URL is missing", "/url");
  auto origin = check_url(request.url);
  if (!origin) throw InvalidPayload(origin.error().message, "/url");
  request.origin = *std::move(origin);
  if (const auto* body = object->if_contains("body")) read_body(*body, request);
  if (request.method.empty()) request.method = request.body ? "POST" : "GET";
  if (request.body && (request.method == "GET" || request.method == "HEAD")) {
    throw InvalidPayload(request.method + " takes no body", "/body");
  }
  return request;
}

}  // namespace esteira::processors
