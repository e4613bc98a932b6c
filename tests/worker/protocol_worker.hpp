// A worker that knows a server by the work protocol alone, as one in another language would: it
// registers, claims, renews by heartbeat, reports in batches and signs off.
#pragma once

#include <atomic>
#include <deque>
#include <thread>
#include <vector>

#include "base/mutex.hpp"
#include "protocol_attempt.hpp"
#include "protocol_server.hpp"
#include "worker/waker.hpp"
#include "worker_kind.hpp"

namespace esteira::test {

// Its server is its own, as if each worker spoke to another process over the same database. Looks
// for work and sends its heartbeat once in `options.poll`, more often than it must.
class ProtocolWorker final : public AnyWorker {
 public:
  ProtocolWorker(std::string url, const ProcessorRegistry& registry, WorkerOptions options);
  ~ProtocolWorker() override;  // stops
  ProtocolWorker(const ProtocolWorker&) = delete;
  ProtocolWorker& operator=(const ProtocolWorker&) = delete;

  [[nodiscard]] Expected<void> start() override;
  void request_stop() override;
  // False: the server has refused something that it should have taken.
  bool wait() override;
  [[nodiscard]] std::string name() const override { return worker_id_; }

 private:
  struct Done {
    HeldPtr held;
    JsonObject report;
  };

  // The runner threads'.
  void run_tasks();
  HeldPtr next();
  [[nodiscard]] Expected<std::string> send_beat(JsonObject beat);

  // The loop thread's.
  void run_loop();
  // False: it has stopped and holds nothing.
  bool turn();
  void take_done();
  bool beat();
  [[nodiscard]] bool has_last_words() const;
  void trade();
  void report_one_by_one();
  void take_tasks(const Json& answer);
  void withdraw();
  bool advance_stop();
  void on_error(const Error& error);
  [[nodiscard]] int free_slots() const;

  const ProcessorRegistry& registry_;
  const WorkerOptions options_;
  ProtocolServer server_;
  Waker waker_;
  std::atomic<bool> stop_requested_ = false;
  std::atomic<bool> refused_ = false;

  // Constant once it is started.
  std::string worker_id_;

  Mutex mutex_;
  Condition work_;
  std::deque<HeldPtr> queue_ ESTEIRA_GUARDED_BY(mutex_);
  std::vector<Done> done_ ESTEIRA_GUARDED_BY(mutex_);
  bool ended_ ESTEIRA_GUARDED_BY(mutex_) = false;

  // The loop thread's.
  std::vector<HeldPtr> held_;  // claimed, not yet reported
  std::vector<Done> reports_;  // not yet taken by the server
  bool quiet_ = false;
  bool hungry_ = true;  // the last claim got something
  std::chrono::steady_clock::time_point claim_at_{};
  std::chrono::steady_clock::time_point beat_at_{};
  std::optional<std::chrono::steady_clock::time_point> grace_ends_;

  std::vector<std::thread> runners_;
  std::thread loop_;
};

}  // namespace esteira::test
