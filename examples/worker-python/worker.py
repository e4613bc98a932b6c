#!/usr/bin/env python3
"""A worker for Esteira with the standard library alone: put your own work into process()."""
import json, os, queue, signal, socket, threading, time, urllib.request

BASE = os.environ.get("ESTEIRA_URL", "http://127.0.0.1:8080").rstrip("/") + "/api/v1"
KEY = os.environ.get("ESTEIRA_KEY")
TYPES = os.environ.get("ESTEIRA_TYPES", "NOOP").split(",")
SLOTS, WAIT = 4, 5  # tasks at once; seconds that a claim may wait for work
stopping, done, held = threading.Event(), queue.SimpleQueue(), {}

def process(task, cancelled):  # answers the result or raises; `cancelled` is an event to look at
    return {"echo": task["payload"]}
def call(method, path, body=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {KEY}"} if KEY else {})
    request = urllib.request.Request(BASE + path, body and json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=WAIT + 15) as answer:
        return json.loads(answer.read() or "null")
def run(one):
    try:
        outcome = {"outcome": "completed", "result": process(one["task"], one["cancelled"])}
    except Exception as error:
        outcome = {"outcome": "failed", "error_message": f"{type(error).__name__}: {error}"}
    done.put(one["fence"] | outcome)
def heartbeat(seconds):  # to the very end: what runs needs its lease until it is reported
    while not time.sleep(seconds):
        try:
            told = call("POST", "/work/heartbeat", who | {"tasks": [one["fence"] for one in list(held.values())]})
            stopping.set() if told["command"] == "stop" else None
            gone = [held.get(task["task_id"]) for task in told["tasks"] if task["status"] != "ok"]
            [one["cancelled"].set() for one in gone if one]
        except OSError as error:
            print("heartbeat:", error, flush=True)  # a lease outlives two that are missed
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: stopping.set())
me = call("POST", "/workers", {"name": "python", "host": socket.gethostname(), "pid": os.getpid(), "version": "1.0", "types": TYPES, "slots": SLOTS})
who, reports = {"worker_id": me["worker_id"]}, []
threading.Thread(target=heartbeat, args=(me["heartbeat_seconds"],), daemon=True).start()
while held or not stopping.is_set():  # a turn: what is done goes out, what is next comes back
    reports += [done.get() for _ in range(done.qsize())]
    busy = len(held) - len(reports)
    more = busy < SLOTS and not stopping.is_set()
    claim = {"limit": SLOTS - busy, "wait_seconds": 1 if busy else WAIT}
    try:
        if not reports and not more:
            reports.append(done.get())  # nothing to ask for until a task ends
        told = (call("POST", "/work/report", who | {"reports": reports} | ({"claim": claim} if more else {}))
                if reports else call("POST", "/work/claim", who | {"types": TYPES} | claim))
    except OSError as error:  # offered again: the fences make that safe
        if getattr(error, "code", 500) in (400, 401, 403, 404):
            raise
        print("server:", error, flush=True)
        time.sleep(1)
        continue
    while reports:
        held.pop(reports.pop()["task_id"], None)  # applied or stale: it is no longer ours
    for one in [] if stopping.is_set() else told["tasks"]:  # else the sign-off gives them back
        fence = {"task_id": one["task"]["task_id"], "attempt": one["attempt"], "lease_id": one["lease_id"]}
        held[fence["task_id"]] = one = one | {"fence": fence, "cancelled": threading.Event()}
        threading.Thread(target=run, args=(one,), daemon=True).start()
call("DELETE", "/workers/" + me["worker_id"])
