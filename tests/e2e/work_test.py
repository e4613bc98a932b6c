"""Workers in other languages: the work protocol, and the two example workers."""

import json
import os
import shutil
import socket
import threading

from harness.api import ApiCase
from harness.case import main
from harness.processes import Process, wait_until

EXAMPLES = os.path.join(os.path.dirname(__file__), "..", "..", "examples")


class Work(ApiCase):
    # No worker of its own: all work is for those who ask for it over HTTP.
    SERVE_OPTIONS = ("--no-worker", "--lease-seconds", 2)

    def post(self, path, body, expected=200):
        status, _, answer = self.call("POST", f"/api/v1{path}", body)
        self.assertEqual(status, expected, answer)
        return answer

    def register(self, name="tester"):
        answer = self.post("/workers", {"name": name, "host": "here", "pid": 1, "version": "1",
                                        "types": ["NOOP"], "slots": 4}, 201)
        self.assertEqual(set(answer), {"worker_id", "heartbeat_seconds", "lease_seconds"})
        return answer["worker_id"]

    def claim(self, worker, limit=10, wait=0):
        return self.post("/work/claim", {"worker_id": worker, "types": ["NOOP"], "limit": limit,
                                         "wait_seconds": wait})["tasks"]

    @staticmethod
    def fence(claimed):
        return {"task_id": claimed["task"]["task_id"], "attempt": claimed["attempt"],
                "lease_id": claimed["lease_id"]}

    def report(self, worker, claimed, outcome="completed", **fields):
        return self.post("/work/report", {"worker_id": worker, "reports": [
            {**self.fence(claimed), "outcome": outcome, **fields}]})["reports"][0]["status"]

    def setUp(self):
        super().setUp()
        self.product.run("type", "set", "NOOP")

    def test_a_task_goes_the_whole_road(self):
        task_id = self.create()["task_id"]
        worker = self.register()
        claimed, = self.claim(worker)
        self.assertEqual(set(claimed), {"task", "attempt", "lease_id", "lease_expires_at",
                                        "deadline_at", "checkpoint", "traceparent"})
        self.assertEqual((claimed["task"]["task_id"], claimed["attempt"]), (task_id, 1))
        self.assertEqual(self.show(task_id)["status"], "PROCESSING")
        beat = self.post("/work/heartbeat", {"worker_id": worker, "tasks": [
            {**self.fence(claimed), "progress": 0.5, "checkpoint": {"at": 1}}]})
        self.assertEqual((beat["command"], beat["tasks"][0]["status"]), ("run", "ok"))
        self.assertEqual(self.show(task_id)["progress"], 0.5)
        self.assertEqual(self.report(worker, claimed, result={"x": 1}), "applied")
        self.assertEqual(self.report(worker, claimed, result={"x": 1}), "already_applied")
        done = self.show(task_id)
        self.assertEqual((done["status"], done["result"]), ("COMPLETED", {"x": 1}))

    def test_a_claim_waits_for_a_task(self):
        worker = self.register()
        self.assertEqual(self.claim(worker, wait=0), [])
        found = []
        waiting = threading.Thread(target=lambda: found.extend(self.claim(worker, wait=30)))
        waiting.start()
        task_id = self.create()["task_id"]
        waiting.join(20)
        self.assertEqual([one["task"]["task_id"] for one in found], [task_id])

    def test_a_claim_waits_for_a_task_whose_time_is_to_come(self):
        worker = self.register()
        task_id = self.product.create("NOOP", {}, "--scheduled-for", "+1s")
        claimed, = self.claim(worker, wait=30)
        self.assertEqual(claimed["task"]["task_id"], task_id)

    def test_one_hint_serves_all_who_wait(self):
        """One batch for many waiters: who finds something wakes the next."""
        worker = self.register()
        found = []
        threads = [threading.Thread(target=lambda: found.extend(self.claim(worker, 1, wait=30)))
                   for _ in range(20)]
        for thread in threads:
            thread.start()
        self.post("/tasks/batch", {"tasks": [{"type": "NOOP", "payload": 1}] * 20}, 201)
        for thread in threads:
            thread.join(30)
        self.assertEqual(len({one["task"]["task_id"] for one in found}), 20)

    def test_a_report_brings_the_next_claim(self):
        ids = [self.create()["task_id"] for _ in range(2)]
        worker = self.register()
        claimed, = self.claim(worker, limit=1)
        answer = self.post("/work/report", {"worker_id": worker, "reports": [
            {**self.fence(claimed), "outcome": "completed"}],
            "claim": {"limit": 5, "wait_seconds": 5}})
        self.assertEqual(answer["reports"][0]["status"], "applied")
        self.assertEqual([one["task"]["task_id"] for one in answer["tasks"]], ids[1:])

    def test_a_lost_lease_is_taken_over_and_its_holder_is_stale(self):
        self.create()
        worker = self.register()
        claimed, = self.claim(worker)
        again, = wait_until(lambda: self.claim(worker, wait=1), "the lease has been taken over")
        self.assertEqual(again["attempt"], 2)
        beat = self.post("/work/heartbeat", {"worker_id": worker, "tasks": [self.fence(claimed)]})
        self.assertEqual(beat["tasks"][0]["status"], "lost")
        self.assertEqual(self.report(worker, claimed), "stale")
        self.assertEqual(self.report(worker, again), "applied")

    def test_a_forged_fence_changes_nothing(self):
        task_id = self.create()["task_id"]
        worker = self.register()
        claimed, = self.claim(worker)
        last = claimed["lease_id"][-1]
        forged = {**claimed, "lease_id": claimed["lease_id"][:-1] + ("0" if last != "0" else "1")}
        self.assertEqual(self.report(worker, forged), "stale")
        self.assertEqual(self.report(worker, {**claimed, "attempt": 2}), "stale")
        self.assertEqual(self.show(task_id)["status"], "PROCESSING")

    def test_cancel_quiet_and_stop_come_with_the_heartbeat(self):
        task_id = self.create()["task_id"]
        worker = self.register()
        claimed, = self.claim(worker)
        self.call("POST", f"/api/v1/tasks/{task_id}/cancel")
        beat = self.post("/work/heartbeat", {"worker_id": worker, "tasks": [self.fence(claimed)]})
        self.assertEqual(beat["tasks"][0]["status"], "cancel")
        self.report(worker, claimed, "failed", error_message="stopped")
        self.assertEqual(self.show(task_id)["status"], "CANCELLED")
        for command in ("quiet", "stop"):
            self.assertEqual(self.call("POST", f"/api/v1/workers/{worker}/{command}")[0], 204)
            beat = self.post("/work/heartbeat", {"worker_id": worker, "tasks": []})
            self.assertEqual(beat["command"], command)

    def test_who_signs_off_gives_back_and_uses_up_nothing(self):
        task_id = self.create(max_retries=0)["task_id"]
        worker = self.register()
        self.claim(worker)
        self.assertEqual(self.call("DELETE", f"/api/v1/workers/{worker}")[0], 204)
        task = self.show(task_id)
        self.assertEqual((task["status"], task["retries"], task["crashes"]), ("PENDING", 0, 0))
        self.refused(404, "DELETE", "/api/v1/workers/nobody")

    def leave_while_claiming(self, then=b""):
        body = json.dumps({"worker_id": self.register(), "types": ["NOOP"], "limit": 1,
                           "wait_seconds": 30})
        with socket.create_connection(("127.0.0.1", self.port)) as gone:
            gone.sendall(b"POST /api/v1/work/claim HTTP/1.1\r\nHost: localhost\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(body) + body.encode())
            self.assertEqual(self.call("GET", "/healthz")[0], 200)  # it has been read by now
            gone.sendall(then)
        task_id = self.create()["task_id"]
        claimed, = wait_until(lambda: self.claim(self.register("other"), wait=1),
                              "somebody else gets it")
        self.assertEqual((claimed["task"]["task_id"], claimed["task"]["crashes"]), (task_id, 0))

    def test_who_left_before_the_answer_gets_no_task(self):
        self.leave_while_claiming()

    def test_who_left_with_another_request_unread_gets_no_task(self):
        self.leave_while_claiming(then=b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def test_bad_calls_are_refused(self):
        worker = self.register()
        self.refused(404, "POST", "/api/v1/work/claim",
                     {"worker_id": "nobody", "types": ["NOOP"], "limit": 1, "wait_seconds": 0})
        for path, body in (("/workers", {}), ("/workers", {"name": 1}),
                           ("/work/claim", {"worker_id": worker, "limit": -1}),
                           ("/work/claim", {"worker_id": worker, "types": ["NOOP"], "limit": 1,
                                            "wait_seconds": 0, "more": 1}),
                           ("/work/heartbeat", {"worker_id": worker, "tasks": [{}]}),
                           ("/work/report", {"worker_id": worker, "reports": [{"task_id": 1}]})):
            self.assertTrue(self.refused(400, "POST", f"/api/v1{path}", body)["errors"])

    def run_example(self, command):
        environment = {**os.environ, "ESTEIRA_URL": f"http://127.0.0.1:{self.port}"}
        log = os.path.join(self.directory, "example.log")
        worker = Process(command, log, directory=self.directory, environment=environment)
        self.addCleanup(worker.kill)
        ids = [self.create(payload={"number": number})["task_id"] for number in range(25)]
        wait_until(lambda: self.status_counts() == {"COMPLETED": len(ids)}, "all are done")
        self.assertEqual(self.show(ids[0])["result"], {"echo": {"number": 0}})
        self.assertEqual(worker.terminate(), 0, worker.last_output())
        self.assertEqual(self.call("GET", "/api/v1/workers")[2]["items"], [])

    def test_the_python_worker_does_the_work(self):
        self.run_example(["python3", os.path.join(EXAMPLES, "worker-python", "worker.py")])

    def test_the_node_worker_does_the_work(self):
        node = shutil.which("node")
        self.assertTrue(node, "the example needs Node")
        self.run_example([node, os.path.join(EXAMPLES, "worker-node", "worker.mjs")])


if __name__ == "__main__":
    main()
