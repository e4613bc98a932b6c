"""Idempotency keys while the server is killed again and again: each key makes one task, and every
answer to it names that task."""

import collections
import http.client
import json
import queue
import random
import threading

from harness.api import JSON
from harness.case import EndToEnd, main
from harness.postgres import free_port
from harness.processes import wait_until
from harness.store import as_json

KEYS = 1_000
POSTS_PER_KEY = 16
CLIENTS = 16
KILLS = 8


class Client(threading.Thread):
    """Posts what it finds in the queue, over one connection that it makes anew whenever that breaks,
    until the queue is empty; what has no final answer goes back into it."""

    def __init__(self, port, orders, answers):
        super().__init__(daemon=True)
        self.again = collections.Counter()  # why posts were sent again
        self.fault = None
        self._port = port
        self._orders = orders
        self._answers = answers
        self._connection = None

    def run(self):
        try:
            while self.fault is None:
                self._post(self._orders.get_nowait())
        except queue.Empty:
            pass
        except Exception as error:  # told by the test, which waits for it
            self.fault = repr(error)
        finally:
            self._drop()

    def _post(self, key):
        try:
            status, body = self._try(key)
        except (OSError, http.client.HTTPException) as error:
            # Nobody knows what became of it: that is what keys are for.
            self._put_back(key, type(error).__name__)
            self._drop()
            wait_until(self._connect, "somebody listens again")
            return
        if status in (200, 201):
            self._answers.add(key, status, body["task_id"])
        elif status == 503 or body["type"].endswith("/idempotency-in-flight"):
            self._put_back(key, status)
        else:
            raise AssertionError(f"key {key} is answered {status}: {body}")

    def _put_back(self, key, why):
        self.again[why] += 1
        self._orders.put(key)

    def _connect(self):
        self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            self._connection.connect()
            return True
        except OSError:
            return False

    def _try(self, key):
        if self._connection is None:
            self._connect()
        body = json.dumps({"type": "NOOP", "payload": {"key": key}})
        self._connection.request("POST", "/api/v1/tasks", body,
                                 {**JSON, "Idempotency-Key": f"key-{key}"})
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())

    def _drop(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Answers:
    """Thread-safe: what each key was answered."""

    def __init__(self):
        self._lock = threading.Lock()
        self._count = 0
        self.task_ids = collections.defaultdict(set)
        self.created = collections.Counter()

    def add(self, key, status, task_id):
        with self._lock:
            self._count += 1
            self.task_ids[key].add(task_id)
            self.created[key] += status == 201

    def count(self):
        with self._lock:
            return self._count


class Idempotency(EndToEnd):
    def serve(self):
        """Always at the same address, where the clients look for it."""
        server = self.product.start("serve", "--listen", f"127.0.0.1:{self.port}", "--no-worker")
        wait_until(lambda: " runs." in server.output() or not server.running(), "serve has started")
        self.assertTrue(server.running(), server.last_output())
        return server

    def test_a_key_makes_one_task_however_often_the_server_is_killed(self):
        self.port = free_port()
        self.product.run("type", "set", "NOOP")
        server = self.serve()
        # The same key's posts stand close together, so that they meet in the server.
        keys = [key for key in range(KEYS) for _ in range(POSTS_PER_KEY)]
        orders = queue.SimpleQueue()
        for key in keys:
            orders.put(key)
        answers = Answers()
        clients = [Client(self.port, orders, answers) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for number in range(1, KILLS + 1):
            share = number * len(keys) // (KILLS + 1)
            wait_until(lambda: answers.count() >= share or any(c.fault for c in clients),
                       f"{share} posts are answered", pause=0.001)
            server.kill()
            server = self.serve()
        for client in clients:
            client.join()
        self.assertEqual([client.fault for client in clients if client.fault], [])
        self.account(server, answers, len(keys), clients)

    def account(self, server, answers, posts, clients):
        self.assertEqual(answers.count(), posts)
        self.assertEqual(self.status_counts(), {"PENDING": KEYS})
        rows = self.store.rows("SELECT task_id, payload FROM tasks")
        made = {as_json(row["payload"])["key"]: row["task_id"] for row in rows}
        self.assertEqual(len(made), KEYS)
        self.assertEqual(answers.task_ids, {key: {task_id} for key, task_id in made.items()})
        # The one who was to be told of the creation may have lost that answer to a kill.
        self.assertLessEqual(max(answers.created.values()), 1)
        again = sum((client.again for client in clients), collections.Counter())
        print(f"idempotency: {posts} posts of {KEYS} keys, {KILLS} kills: {len(made)} tasks, "
              f"0 keys with two; sent again: {dict(again)}", flush=True)
        # The keys outlive the server too.
        orders = queue.SimpleQueue()
        for key in random.Random(1).sample(range(KEYS), 50):
            orders.put(key)
        late = Client(self.port, orders, answers)
        late.run()
        self.assertIsNone(late.fault)
        self.assertEqual(answers.task_ids, {key: {task_id} for key, task_id in made.items()})
        self.assertEqual(server.terminate(), 0, server.last_output())


if __name__ == "__main__":
    main()
