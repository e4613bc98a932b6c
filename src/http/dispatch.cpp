#include "http/dispatch.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/connection.hpp"
#include "http/in_pool.hpp"
#include "http/problem.hpp"

// Asio's coroutine frames come from its own allocator, which g++ takes for a mismatch.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace esteira::http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;

Response busy() { return problem(503, "too many calls wait for the database: try again soon"); }
Response away() { return problem(503, "the database does not answer: try again soon"); }

// User errors end as answers; what escapes a route's code is our bug, and ends that call only.
template <class Code>
Response guarded(Code&& code) {
  try {
    return std::forward<Code>(code)();
  } catch (const std::exception& exception) {
    return problem(Error{.code = ErrorCode::internal, .message = exception.what()});
  }
}

// What the gate says; nothing: the call may go on.
std::optional<Response> ask(const Gate& gate, Call& call, const Route& route, Services* services) {
  if (services == nullptr) return away();
  std::optional<Response> answer;
  const auto escaped = guarded([&] {
    answer = gate(call, route, *services);
    return Response{.status = 0};
  });
  return escaped.status == 0 ? answer : escaped;
}

// An answer of the gate, or of the route's code where that is a Handler; nothing: the call goes on.
std::optional<Response> judge(const Gate& gate, Call& call, const Route& route,
                              Services* services) {
  auto refused = ask(gate, call, route, services);
  const auto* handler = std::get_if<Handler>(&route.handler);
  if (refused || handler == nullptr) return refused;
  return guarded([&] { return (*handler)(call, *services); });
}

awaitable<std::optional<Response>> pass_gate(Shared& shared, Call& call, const Route& route) {
  using Answer = std::optional<Response>;
  auto work = [&](Services* services) { return judge(shared.parts.gate, call, route, services); };
  auto answer = co_await in_pool<Answer>(*shared.parts.pool, work);
  if (!answer) co_return busy();
  co_return std::move(*answer);
}

// A call whose answer comes from elsewhere. The server's thread only.
template <class Completion>
class Awaited {
 public:
  Awaited(Completion completion, const asio::any_io_executor& executor)
      : completion_(std::move(completion)), timer_(executor) {}

  static void limit(const std::shared_ptr<Awaited>& self, std::chrono::milliseconds length) {
    self->timer_.expires_after(length);
    self->timer_.async_wait([self](boost::system::error_code error) {
      if (!error) self->answer(away());
    });
  }
  // The first answer counts.
  void answer(Response response) {
    if (std::exchange(answered_, true)) return;
    timer_.cancel();
    auto completion = std::move(completion_);
    completion(std::move(response));
  }

 private:
  Completion completion_;
  asio::steady_timer timer_;
  bool answered_ = false;
};

awaitable<Response> run_async(const AsyncHandler& handler, const Route& route, Call& call) {
  const auto executor = co_await asio::this_coro::executor;
  auto initiate = [&handler, &route, &call, executor](auto completion) {
    using Waiting = Awaited<decltype(completion)>;
    const auto awaited = std::make_shared<Waiting>(std::move(completion), executor);
    if (route.answer_limit) Waiting::limit(awaited, *route.answer_limit);
    handler(std::move(call), [executor, awaited](Response response) {
      asio::post(executor, [awaited, response = std::move(response)]() mutable {
        awaited->answer(std::move(response));
      });
    });
  };
  co_return co_await asio::async_initiate<decltype(use_awaitable), void(Response)>(initiate,
                                                                                   use_awaitable);
}

// One look of a call that may wait; nothing: it waits on.
awaitable<std::optional<Response>> attempt(Shared& shared, Poll& poll, bool last) {
  using Answer = std::optional<Response>;
  auto work = [&poll, last](Services* services) {
    if (services == nullptr) return Answer(away());
    Answer found;
    const auto escaped = guarded([&] {
      found = poll.attempt(*services, last);
      return Response{.status = 0};
    });
    return escaped.status != 0 ? Answer(escaped) : found;
  };
  auto answer = co_await in_pool<Answer>(*shared.parts.pool, work);
  if (!answer) co_return busy();
  co_return std::move(*answer);
}

awaitable<void> run_poll(Shared& shared, const std::function<bool()>& peer_is_gone,
                         Dispatched& result) {
  using Steady = std::chrono::steady_clock;
  const auto begun = Steady::now();
  auto answer = co_await attempt(shared, *result.poll, false);
  while (!answer) {
    const auto until = begun + result.poll->wait();
    const auto look_at = std::min(until, Steady::now() + result.poll->pause());
    if (Steady::now() < until && !shared.stopping) co_await shared.hub.wait(look_at);
    if (peer_is_gone()) {
      // The others may have what this one was woken for.
      shared.hub.wake_some();
      result.undeliverable = true;
      co_return;
    }
    const bool last = shared.stopping || Steady::now() >= until;
    answer = co_await attempt(shared, *result.poll, last);
    // Where one found something there may be more, for the next in the row.
    if (answer && !last) shared.hub.wake_some();
  }
  result.response = std::move(*answer);
}

awaitable<void> open_stream(const StreamHandler& handler, Call& call, Dispatched& result) {
  // Only its head is wanted, which is the same for all.
  const bool opens = call.request.method != "HEAD";
  result.stream = handler(std::move(call));
  if (!opens) co_return;
  std::optional<Response> refusal;
  co_await result.stream->open(refusal);
  if (!refusal) co_return;
  result.stream.reset();
  result.response = std::move(*refusal);
}

}  // namespace

awaitable<void> dispatch(Shared& shared, Call& call, const Route& route,
                         const std::function<bool()>& peer_is_gone, Dispatched& result) {
  auto query = Query::parse(call.request.query, route.parameters);
  if (!query) {
    result.response = problem(query.error());
    co_return;
  }
  call.query = std::move(*query);
  const auto* async = std::get_if<AsyncHandler>(&route.handler);
  // What is open to all and asks nothing of the database does not wait for it.
  if (route.need || async == nullptr) {
    auto answer = co_await pass_gate(shared, call, route);
    if (answer) {
      result.response = std::move(*answer);
      co_return;
    }
  }
  if (async != nullptr) {
    result.response = co_await run_async(*async, route, call);
    co_return;
  }
  if (const auto* streams = std::get_if<StreamHandler>(&route.handler)) {
    co_await open_stream(*streams, call, result);
    co_return;
  }
  result.poll = std::get<PollHandler>(route.handler)(std::move(call));
  co_await run_poll(shared, peer_is_gone, result);
}

awaitable<std::optional<Response>> ask_gate(Shared& shared, Call& call, const Route& route) {
  using Answer = std::optional<Response>;
  auto work = [&](Services* services) { return ask(shared.parts.gate, call, route, services); };
  auto answer = co_await in_pool<Answer>(*shared.parts.pool, work);
  if (!answer) co_return busy();
  co_return std::move(*answer);
}

awaitable<void> give_back(Shared& shared, Poll& poll) {
  auto work = [&poll](Services* services) {
    if (services != nullptr) poll.undelivered(*services);
    return true;
  };
  co_await in_pool<bool>(*shared.parts.pool, work);
}

}  // namespace esteira::http
