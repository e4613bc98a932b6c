#!/usr/bin/env node
// A worker for Esteira with nothing but Node 18: put your own work into process_task().
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const base = (process.env.ESTEIRA_URL ?? "http://127.0.0.1:8080").replace(/\/+$/, "") + "/api/v1";
const key = process.env.ESTEIRA_KEY;
const types = (process.env.ESTEIRA_TYPES ?? "NOOP").split(",");
const slots = 4, wait = 5; // tasks at once; seconds that a claim may wait for work
const held = new Map(); // task_id -> the task with its fence and its AbortController
let stopping = false, done = [], wake = () => {};
// Answers the result or throws; `signal` is aborted when the task is cancelled or lost.
async function process_task(task, signal) {
  return { echo: task.payload };
}
async function call(method, path, body) {
  const headers = { "Content-Type": "application/json", ...(key && { Authorization: `Bearer ${key}` }) };
  const signal = AbortSignal.timeout((wait + 15) * 1000);
  const answer = await fetch(base + path, { method, headers, signal, body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw Object.assign(new Error(`${path}: ${answer.status} ${text}`), { status: answer.status });
  return text && JSON.parse(text);
}
async function run(one) {
  done.push({ ...one.fence, ...await process_task(one.task, one.abort.signal).then(
    (result) => ({ outcome: "completed", result: result ?? null }),
    (error) => ({ outcome: "failed", error_message: String(error) })) });
  wake();
}
async function heartbeat() { // to the very end: what runs needs its lease until it is reported
  try {
    const told = await call("POST", "/work/heartbeat", { ...who, tasks: [...held.values()].map((one) => one.fence) });
    if (told.command === "stop") stopping = true;
    for (const task of told.tasks) if (task.status !== "ok") held.get(task.task_id)?.abort.abort();
  } catch (error) { console.error("heartbeat:", error.message); } // a lease outlives two that are missed
}
for (const name of ["SIGTERM", "SIGINT"]) process.on(name, () => { stopping = true; wake(); });
const me = await call("POST", "/workers", { name: "node", host: hostname(), pid: process.pid, version: "1.0", types, slots });
const who = { worker_id: me.worker_id };
const beats = setInterval(heartbeat, me.heartbeat_seconds * 1000);
while (held.size > 0 || !stopping) { // a turn: what is done goes out, what is next comes back
  const reports = done.slice(), busy = held.size - reports.length, more = busy < slots && !stopping;
  const claim = { limit: slots - busy, wait_seconds: busy ? 1 : wait };
  if (!reports.length && !more) { await new Promise((resolve) => { wake = resolve; }); continue; }
  try {
    const told = reports.length
      ? await call("POST", "/work/report", { ...who, reports, ...(more && { claim }) })
      : await call("POST", "/work/claim", { ...who, types, ...claim });
    done = done.slice(reports.length);
    for (const report of reports) held.delete(report.task_id); // applied or stale: no longer ours
    for (const { task, attempt, lease_id } of stopping ? [] : told.tasks) { // else: given back at the sign-off
      held.set(task.task_id, { task, fence: { task_id: task.task_id, attempt, lease_id }, abort: new AbortController() });
      run(held.get(task.task_id));
    }
  } catch (error) { // offered again: the fences make that safe
    if ([400, 401, 403, 404].includes(error.status)) throw error;
    await sleep(1000, console.error("server:", error.message));
  }
}
await call("DELETE", `/workers/${me.worker_id}`).finally(() => clearInterval(beats));
