-- For wrk: posts tasks, one a call or BATCH a call, and prints what bench/http reads.
local batch = tonumber(os.getenv("BATCH"))
local task = '{"type":"NOOP","payload":{"order":42,"customer":"Maria"}}'
local body = task
local path = "/api/v1/tasks"

if batch > 1 then
  local tasks = {}
  for i = 1, batch do tasks[i] = task end
  body = '{"tasks":[' .. table.concat(tasks, ",") .. "]}"
  path = "/api/v1/tasks/batch"
end

wrk.method = "POST"
wrk.path = path
wrk.body = body
wrk.headers["Content-Type"] = "application/json"

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"calls": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
