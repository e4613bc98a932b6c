// One connection of the server, as a coroutine.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "http/server.hpp"
#include "http/wait_hub.hpp"

namespace esteira::http {

// What all connections share. The server's thread only.
struct Shared {
  ServerOptions options;
  Server::Parts parts;
  std::shared_ptr<boost::asio::ssl::context> tls{};  // of new connections; null: plain HTTP
  WaitHub hub{};
  bool stopping = false;
  std::size_t connections = 0;
  std::size_t answering = 0;  // connections between a request's head and the end of its answer
  std::map<std::string, std::size_t> by_address{};
  std::uint64_t requests = 0;  // numbers the request ids
  std::string id_prefix{};

  [[nodiscard]] bool busy() const { return answering > 0; }
};

boost::asio::awaitable<void> serve_connection(boost::asio::ip::tcp::socket socket,
                                              std::shared_ptr<Shared> shared);

}  // namespace esteira::http
