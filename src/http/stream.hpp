// An answer without an end.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "http/message.hpp"

namespace esteira::http {

// Bytes that many connections write at the same time.
using Chunk = std::shared_ptr<const std::string>;

// The server's thread only; waits without a thread or a connection to the database.
class Stream {
 public:
  virtual ~Stream() = default;
  // Before anything is said; a refusal is answered in its place.
  virtual boost::asio::awaitable<void> open(std::optional<Response>& refusal) = 0;
  // Waits for what is said next, some seconds at most: empty where nothing came, so that who writes
  // can look whether the peer is still there. Null: the end.
  virtual boost::asio::awaitable<void> next(Chunk& chunk) = 0;
};

}  // namespace esteira::http
