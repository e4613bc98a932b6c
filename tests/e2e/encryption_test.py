"""Encryption at rest: no plaintext in the database, keys that are changed under load, keys that are
missing."""

import json
import os
import secrets
import signal

from harness.api import ApiCase
from harness.case import EndToEnd, main
from harness.processes import wait_until

MARKER = "PLAINTEXT-OF-A-PAYLOAD"
IN_THE_OPEN = "PLAINTEXT-OF-A-PLAIN-TASK"
TASKS = 1500


class Encryption(ApiCase):
    SERVE_OPTIONS = ("--poll-milliseconds", 100, "--concurrency", 4)

    def setUp(self):
        EndToEnd.setUp(self)  # each test says with which keys the program starts

    def new_key(self, name, mode=0o600):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
        os.chmod(path, mode)
        return f"{name}:file:{path}"

    def use(self, *keys):
        self.product.configure(f"[encryption]\nkeys = {json.dumps(list(keys))}\n")

    def by_key(self):
        return {row["key_id"]: row["tasks"]
                for row in self.product.json("encryption", "status") if row["tasks"]}

    def test_no_plaintext_reaches_the_database(self):
        self.use(self.new_key("2026a"))
        self.start_serve()
        self.product.run("type", "set", "NOOP", "--encrypted", "on")
        self.product.run("type", "set", "PLAIN")
        secret = {"iban": MARKER}
        ids = [self.product.create("NOOP", secret, "--unique-key", "one"),
               self.product.create("NOOP", secret, "--idempotency-key", "two")]
        for path, body in (("/api/v1/tasks", {"type": "NOOP", "payload": secret}),
                           ("/api/v1/tasks", {"type": "PLAIN", "payload": {"text": IN_THE_OPEN}})):
            status, _, task = self.call("POST", path, body, {"Idempotency-Key": f"k{len(ids)}"})
            self.assertEqual(status, 201, task)
            ids.append(task["task_id"])
        status, _, batch = self.call("POST", "/api/v1/tasks/batch",
                                     {"tasks": [{"type": "NOOP", "payload": secret}] * 3},
                                     {"Idempotency-Key": "batch"})
        self.assertEqual(status, 201, batch)
        later = self.product.create("NOOP", {"n": 1}, "--scheduled-for", "+1d")
        for _ in range(2):
            status, _, edited = self.call("PATCH", f"/api/v1/tasks/{later}",
                                          {"payload": secret}, {"Idempotency-Key": "edit"})
            self.assertEqual((status, edited["payload"]), (200, secret))
        self.product.run("schedule", "set", "yearly", "--cron", "0 0 1 1 *", "--type", "NOOP",
                         "--payload", json.dumps(secret))
        self.product.run("schedule", "run", "yearly")
        encrypted = ids[:3] + batch["task_ids"]
        wait_until(lambda: all(self.status_of(one) == "COMPLETED" for one in encrypted), "all ran")
        for one in encrypted:
            task = self.product.show(one)
            self.assertEqual((task["payload"], task["result"], task["encrypted"]),
                             (secret, secret, True))
        self.assertEqual(self.product.json("schedule", "show", "yearly")["payload"], secret)
        self.assertEqual(self.serve.terminate(), 0, self.serve.last_output())
        dump = self.store.dump()
        self.assertIn(IN_THE_OPEN.encode(), dump, "the dump shows what is in the open")
        self.assertNotIn(MARKER.encode(), dump)
        self.assertNotIn(MARKER, self.serve.output())

    def test_keys_are_changed_under_load_and_a_rotation_that_is_killed_goes_on(self):
        keys = [self.new_key("key-0")]
        self.use(*keys)
        self.start_serve()
        self.product.run("type", "set", "NOOP", "--encrypted", "on")
        made = 0
        for number in (1, 2, 3):
            self.product.import_tasks({"type": "NOOP", "payload": {"number": made + n}}
                                      for n in range(TASKS))
            made += TASKS
            keys.insert(0, self.new_key(f"key-{number}"))
            self.use(*keys)
            before = self.serve
            self.start_serve()
            self.assertEqual(before.terminate(), 0, before.last_output())
            # What the next rotation finds running and waiting.
            self.product.import_tasks({"type": "NOOP", "payload": {"number": made + n}}
                                      for n in range(100))
            made += 100
            self.kill_a_rotation(f"key-{number}")
            done = self.product.json("encryption", "rotate", "--batch", "100")
            self.assertEqual((done["failed"], done["left"]), (0, 0))
            self.assertEqual(set(self.by_key()), {f"key-{number}"})
        wait_until(lambda: self.status_counts() == {"COMPLETED": made}, "every task is done")
        self.assertEqual(self.serve.terminate(), 0, self.serve.last_output())
        odd = self.store.rows("SELECT status FROM task_executions WHERE status NOT IN "
                              "('COMPLETED', 'INTERRUPTED')")
        self.assertEqual(odd, [], "no attempt failed")
        # The last key alone opens everything.
        self.use(keys[0])
        numbers = set()
        cursor = ()
        while True:
            page = self.product.json("task", "list", "--limit", "1000", *cursor)
            for task in page:
                self.assertIsNone(task["unreadable"])
                self.assertEqual(task["result"], task["payload"])
                numbers.add(task["payload"]["number"])
            if len(page) < 1000:
                break
            cursor = ("--cursor", page[-1]["task_id"])
        self.assertEqual(numbers, set(range(made)))

    def kill_a_rotation(self, key_id):
        rotation = self.product.start("encryption", "rotate", "--batch", "1")

        def some():
            rows = self.store.rows(f"SELECT count(*) AS n FROM task_ciphers "
                                   f"WHERE key_id = '{key_id}'")
            return rows[0]["n"] > 150 or not rotation.running()

        wait_until(some, "the rotation is under way", pause=0.005)
        rotation.signal(signal.SIGKILL)
        rotation.wait()
        self.assertGreater(len(self.by_key()), 1, "it was killed in the middle")

    def test_without_its_keys_a_program_makes_and_runs_nothing_and_loses_nothing(self):
        key = self.new_key("2026a")
        self.use(key)
        self.product.run("type", "set", "NOOP", "--encrypted", "on")
        task_id = self.product.create("NOOP", {"text": MARKER})
        self.product.configure("")
        self.product.run("task", "create", "NOOP", "--payload", "{}", status=4)
        self.product.run("worker", "--drain")
        shown = self.product.show(task_id)
        self.assertEqual((shown["payload"], shown["attempt"]), (None, 0))
        self.assertIn("encryption", shown["unreadable"])
        failed = [check for check in json.loads(self.product.run("doctor", "--json", status=1))
                  ["checks"] if check["status"] == "failed"]
        self.assertEqual({check["name"] for check in failed}, {"type NOOP", "encryption key 2026a"})
        self.start_serve()
        self.refused(503, "POST", "/api/v1/tasks", {"type": "NOOP", "payload": {}})
        self.assertIn("encryption.keys", self.serve.output(), "the log says what to do")
        self.create(type="HTTP_REQUEST", payload={"url": "http://127.0.0.1:1/"})
        self.assertEqual(self.show(task_id)["payload"], None)
        self.assertEqual(self.serve.terminate(), 0, self.serve.last_output())
        # Another key under the same name is another key.
        self.use(self.new_key("2026a"))
        self.assertIsNotNone(self.product.show(task_id)["unreadable"])
        self.use(key.replace("2026a:", "other:"))
        self.assertIn("2026a", self.product.show(task_id)["unreadable"])

    def test_a_key_that_everybody_may_read_is_refused(self):
        self.use(self.new_key("open", mode=0o644))
        self.product.run("task", "list", status=2)
        report = json.loads(self.product.run("doctor", "--json", status=1))
        self.assertTrue(any("chmod 600" in check["detail"] for check in report["checks"]))


if __name__ == "__main__":
    main()
