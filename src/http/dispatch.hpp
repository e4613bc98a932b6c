// From a request that was read to its answer: the gate, the pool, the waiting.
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/awaitable.hpp>

#include "http/router.hpp"

namespace esteira::http {

struct Shared;

struct Dispatched {
  Response response{};
  bool undeliverable = false;        // the peer went while it waited
  std::unique_ptr<Poll> poll{};      // whose answer this is: to be told if it can't be delivered
  std::unique_ptr<Stream> stream{};  // in place of the response
};

// The server's thread. `peer_is_gone` is asked before a call that waited looks again. `call` is
// used up.
boost::asio::awaitable<void> dispatch(Shared& shared, Call& call, const Route& route,
                                      const std::function<bool()>& peer_is_gone,
                                      Dispatched& result);

// Whether the gate lets this call in; asked before a body that is not read of strangers.
boost::asio::awaitable<std::optional<Response>> ask_gate(Shared& shared, Call& call,
                                                         const Route& route);

// Tells a poll that its answer did not reach anybody.
boost::asio::awaitable<void> give_back(Shared& shared, Poll& poll);

}  // namespace esteira::http
