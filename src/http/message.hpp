// What a request says and what it is answered: plain values that know no HTTP library.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace esteira::http {

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  std::string method;
  std::string path;   // before "?", as it was sent
  std::string query;  // after it
  std::vector<Header> headers;
  std::string body;
  std::string peer;  // the address that the connection comes from
  bool peer_is_loopback = false;
  bool secure = false;  // it came over TLS
  std::string request_id;

  // The first with this name, in any spelling; nothing where there is none.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string body{};
  std::string content_type = "application/json";
  std::vector<Header> headers{};
  std::string log{};  // for the log only: what the answer does not say
  // What a repetition of the call is answered instead, where the body holds what is shown once.
  std::optional<std::string> body_again{};
};

// Both are ASCII; letters count alike in either case.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);

}  // namespace esteira::http
