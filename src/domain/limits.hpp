// Every bound that a caller can meet, by name. Those that a configuration may change say so there.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "esteira/time.hpp"

namespace esteira::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t payload_bytes_max = 1024 * 1024;
inline constexpr std::size_t result_bytes_max = 1024 * 1024;
inline constexpr std::size_t checkpoint_bytes_max = 1024 * 1024;
inline constexpr std::size_t json_depth_max = 64;
inline constexpr std::size_t pattern_text_bytes_max = 1024;  // where a schema has patterns
inline constexpr std::size_t error_bytes_max = 8 * 1024;     // longer text is cut, with "…"
inline constexpr std::size_t type_name_bytes_max = 50;       // the seed's VARCHAR(50)
inline constexpr std::size_t tags_max = 16;
inline constexpr std::size_t tag_bytes_max = 64;
inline constexpr std::size_t unique_key_bytes_max = 255;
inline constexpr std::size_t idempotency_key_bytes_max = 255;
// How long such a key answers with what was done; SQL of PostgreSQL names the same time.
inline constexpr Duration idempotency_kept = 24h;
inline constexpr std::size_t traceparent_bytes_max = 255;
inline constexpr std::size_t counter_name_bytes_max = 100;
inline constexpr std::size_t worker_name_bytes_max = 100;
inline constexpr std::size_t log_lines_max = 1000;       // an attempt
inline constexpr std::size_t log_line_bytes_max = 4096;  // longer lines are cut
inline constexpr std::size_t progress_text_bytes_max = 255;
inline constexpr std::size_t batch_tasks_max = 10'000;  // one all-or-nothing create call
inline constexpr std::size_t page_items_max = 1000;
inline constexpr std::size_t keys_max = 10'000;  // revoked ones count
inline constexpr std::size_t key_name_bytes_max = 100;
inline constexpr std::size_t audit_text_bytes_max = 500;  // actor, action, target, address: each
inline constexpr std::size_t audit_json_bytes_max = 16 * 1024;  // before and after: each
inline constexpr int priority_min = -32768;
inline constexpr int priority_max = 32767;
inline constexpr int max_retries_max = 1000;
// An execution id is task_id * 65536 + attempt.
inline constexpr int attempts_max = 65535;
inline constexpr Duration timeout_default = 5min;
inline constexpr Duration timeout_max = 24h * 7;
inline constexpr Duration delay_max = 24h * 365;  // snooze, retry after, back-off cap
inline constexpr Duration key_lifetime_max = 24h * 365 * 10;
inline constexpr int claim_tasks_max = 1000;  // one claim
inline constexpr std::size_t flow_key_bytes_max = 255;
inline constexpr std::size_t flow_weights_max = 1000;
inline constexpr int flow_weight_max = 1000;
inline constexpr int breaker_attempts_max = 1'000'000;
inline constexpr int breaker_probes_max = 1000;
inline constexpr Duration breaker_time_max = 24h;
inline constexpr int gate_flows_max = 2000;      // flows that one claim looks at
inline constexpr Duration claim_wait_max = 30s;  // how long a claim may wait for work
// Workers in other languages. A worker's id is its name and what makes it unique.
inline constexpr std::size_t registered_name_bytes_max = 64;
inline constexpr std::size_t worker_text_bytes_max = 255;  // host, version
inline constexpr std::size_t worker_types_max = 100;
inline constexpr int worker_slots_max = 10'000;
inline constexpr std::size_t heartbeat_tasks_max = 10'000;  // one call
inline constexpr std::size_t report_items_max = 1000;       // one call
inline constexpr int promote_tasks_max = 1000;              // one tick
inline constexpr int expired_leases_max = 100;              // one take-over
inline constexpr int prune_tasks_max = 1000;                // one transaction of the retention
inline constexpr int export_tasks_max = 5000;               // one file of the export
// With an export the retention gathers for so long: many small files are a nuisance.
inline constexpr Duration export_interval = 1h;
// PostgreSQL keeps what grows by ranges of so many ids; its SQL names the number too.
inline constexpr std::int64_t range_tasks = 10'000'000;
// A task that is due may be kept so much longer where its range will be dropped by then.
inline constexpr Duration range_drop_wait = 24h;
// A range whose youngest order is younger is not dropped, whatever the types say.
inline constexpr Duration range_age_min = 1h;
inline constexpr std::size_t operation_tasks_max = 10'000'000;
inline constexpr std::size_t operation_batch_tasks = 500;  // one transaction of an operation
inline constexpr int operations_running_max = 100;
inline constexpr Duration operation_kept = 24h * 7;  // after its end
inline constexpr Duration unique_window_max = 24h * 365;
// Counted at most once in a short while, row by row: more would make the count itself a burden.
inline constexpr std::int64_t max_waiting_max = 1'000'000;  // of a type
inline constexpr int expiries_max = 500;                    // one transaction of the sweep
// When the sweep looks again at a task that ran at its expiry, for it may wait once more.
inline constexpr Duration expiry_recheck = 10s;
// Tasks that wait for others.
inline constexpr std::size_t depends_on_max = 100;        // of one task
inline constexpr std::size_t call_parents_max = 100'000;  // of all tasks of one call
inline constexpr std::size_t task_ref_bytes_max = 100;
inline constexpr std::size_t batch_id_bytes_max = 100;
inline constexpr int dependants_max = 500;        // told in one transaction
inline constexpr int edges_checked_max = 5000;    // one look for what a crash has left
inline constexpr int batch_changes_max = 10'000;  // tasks, one call
inline constexpr Duration batch_kept = 24h * 90;  // after its end; SQL of PostgreSQL names it too
// A change that touches more tasks is kept without their ids.
inline constexpr std::size_t change_ids_max = 100;
inline constexpr Duration changes_kept = 2min;  // how far back a reader of changes may resume
// Schedules.
inline constexpr std::size_t schedules_max = 10'000;
inline constexpr std::size_t schedule_name_bytes_max = 100;
inline constexpr std::size_t cron_bytes_max = 255;
inline constexpr Duration schedule_interval_min = 1s;  // of "@every"
inline constexpr Duration schedule_interval_max = 24h * 366;
// A task that is made so much after its nominal time is still on time; later it was missed.
inline constexpr Duration schedule_on_time = 10s;
inline constexpr Duration missed_window_max = 24h * 366;
inline constexpr int missed_max_max = 1000;               // tasks of one catching up
inline constexpr int schedule_looks_max = 100;            // schedules of one look for the due
inline constexpr int preview_instants_max = 1000;         // one call
inline constexpr Duration schedule_runs_kept = 24h * 30;  // SQL of PostgreSQL names it too
// Encryption.
inline constexpr std::size_t encryption_keys_max = 100;
inline constexpr std::size_t encryption_key_id_bytes_max = 64;
inline constexpr std::size_t encryption_key_file_bytes_max = 1024;
// How long a task waits whose payload can't be deciphered for want of its key.
inline constexpr Duration missing_key_wait = 1min;
inline constexpr int rotation_batch_default = 500;  // tasks, in one transaction of a rotation
inline constexpr int rotation_batch_max = 10'000;

}  // namespace esteira::limits
