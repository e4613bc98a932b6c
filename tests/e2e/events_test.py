"""GET /events: what changes is told to all who listen, whoever changed it."""

import os
import selectors
import socket
import time

from harness.api import ApiCase
from harness.case import main
from harness.commands import Commands
from harness.events import PATH, Events, request
from harness.processes import wait_until

LISTENERS = 1_000
MANY = 10_000
KEY_STREAMS = 100  # that one key may have open


def memory_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    raise AssertionError("no memory is told")


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def holds(port, connection):
    """Whether the server on `port` holds its end of a client's connection."""
    ends = (port, connection.getsockname()[1])
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return any(state == "01" and tuple(int(end[-4:], 16) for end in (local, remote)) == ends
               for _, local, remote, state, *_ in rows)


class EventsCase(ApiCase):
    SERVE_OPTIONS = ("--no-worker",)

    def listen(self, after=None, **options):
        events = Events(self.port, after, **options)
        self.addCleanup(events.cut)
        self.assertEqual(events.status, 200)
        return events

    def work(self):
        return self.product.start("worker", "--poll-milliseconds", 50)

    def statuses(self):
        """As GET /tasks tells them."""
        return {task["task_id"]: task["status"]
                for task in self.call("GET", "/api/v1/tasks?limit=1000")[2]["items"]}


class Told(EventsCase):
    def test_a_task_is_told_as_it_is_created_run_by_another_process_and_done(self):
        commands = Commands(self.product)
        self.assertEqual(self.serve.terminate(), 0)
        self.start_serve()  # it knows the commands now
        events = self.listen()
        self.assertEqual(events.headers["content-type"], "text/event-stream")
        self.assertEqual(events.headers["cache-control"], "no-store")
        self.assertEqual(events.headers["x-accel-buffering"], "no")
        task_id = self.create(type="COMMAND_RUN", payload={"command": "wait"}, priority=7)["task_id"]
        events.wait_for_state(task_id, "PENDING")
        worker = self.work()
        events.wait_for_state(task_id, "PROCESSING")
        commands.open_gate()
        events.wait_for_state(task_id, "COMPLETED")
        self.assertEqual(events.states(task_id), ["PENDING", "PROCESSING", "COMPLETED"])
        item = events.items()[-1]
        task = self.show(task_id)
        self.assertEqual(item, {name: task[name] for name in item})
        self.assertEqual(set(item), {"task_id", "type", "status", "attempt", "priority", "retries",
                                     "worker", "progress", "scheduled_for", "updated_at"})
        self.assertEqual(worker.terminate(), 0)

    def test_what_the_command_line_does_is_told_too(self):
        events = self.listen()
        task_id = self.product.create("NOOP", {}, "--scheduled-for", "+1h")
        events.wait_for_state(task_id, "PENDING")
        self.product.run("task", "cancel", task_id)
        events.wait_for_state(task_id, "CANCELLED")
        self.product.run("task", "retry", task_id)
        events.wait_for_state(task_id, "PENDING")
        self.product.run("task", "delete", task_id)
        events.wait_for_state(task_id, "deleted")

    def test_statistics_are_told_at_once_and_when_they_change(self):
        events = self.listen()
        events.wait_for("statistics", lambda me: me.all("stats"))
        self.assertEqual(set(events.all("stats")[0].data), {"generated_at", "by_status", "types"})
        self.create()
        events.wait_for("the task is counted",
                        lambda me: me.all("stats")[-1].data["by_status"]["PENDING"] == 1)
        late = self.listen()
        late.wait_for("statistics", lambda me: me.all("stats"))
        self.assertEqual(late.all()[0].name, "stats")

    def test_many_changes_are_few_events(self):
        events = self.listen()
        begun = time.monotonic()
        self.product.import_tasks({"type": "NOOP", "payload": number} for number in range(MANY))
        self.assertEqual(self.product.start("worker", "--drain").wait(), 0)
        events.wait_for("the end is told", lambda me: me.all("stats") and me.all("stats")[-1]
                        .data["by_status"]["COMPLETED"] == MANY)
        seconds = time.monotonic() - begun
        told = events.all("tasks")
        self.assertTrue(told)
        # At most four a second.
        self.assertLessEqual(len(told), 4 * seconds + 4)
        for event in told:
            self.assertLessEqual(len(event.data["items"]), 200)


class Resumed(EventsCase):
    SERVE_OPTIONS = ("--poll-milliseconds", 50)

    def test_a_connection_that_is_cut_loses_nothing(self):
        first = self.listen()
        created = [self.create()["task_id"] for _ in range(10)]
        first.wait_for_state(created[0], "COMPLETED")
        first.cut()
        created += [self.create()["task_id"] for _ in range(20)]
        wait_until(lambda: set(self.statuses().values()) == {"COMPLETED"}, "all are done")
        second = self.listen(first.last_id)
        told = lambda: {**first.last_states(), **second.last_states()}
        wait_until(lambda: told() == self.statuses(), "what was missed is told")
        self.assertEqual(set(told()), set(created))
        self.assertEqual(second.all("reset"), [])
        self.assertFalse(any(event.data["more"] for event in second.all("tasks")))

    def test_an_id_in_the_address_does_as_well(self):
        first = self.listen()
        task_id = self.create()["task_id"]
        first.wait_for_state(task_id, "COMPLETED")
        place = first.all("stats")[0].id
        second = self.listen(path=f"{PATH}?last_event_id={place}")
        second.wait_for_state(task_id, "COMPLETED")

    def test_a_server_that_ends_and_comes_back_loses_nothing(self):
        first = self.listen()
        early = self.create()["task_id"]
        first.wait_for_state(early, "COMPLETED")
        self.assertEqual(self.serve.terminate(), 0, self.serve.last_output())
        first.wait_for("the stream ends", lambda me: me.ended)
        while_away = [self.product.create("NOOP", {}) for _ in range(3)]
        self.start_serve()
        second = self.listen(first.last_id)
        for task_id in while_away:
            second.wait_for_state(task_id, "COMPLETED")
        self.assertNotIn("reset", [event.name for event in second.all()])

    def test_who_comes_back_too_late_loads_everything_anew(self):
        first = self.listen()
        first.wait_for("a place", lambda me: me.last_id)
        place = first.last_id
        first.cut()
        for _ in range(3):
            self.create()
        wait_until(lambda: set(self.statuses().values()) == {"COMPLETED"}, "all are done")
        self.let_changes_grow_old()
        wait_until(lambda: self.store.rows("SELECT count(*) AS n FROM task_changes")[0]["n"] <= 1,
                   "old changes are removed")
        second = self.listen(place)
        second.wait_for("it is told", lambda me: me.all())
        self.assertEqual((second.all()[0].name, second.all()[0].data), ("reset", {}))
        task_id = self.create()["task_id"]
        second.wait_for_state(task_id, "COMPLETED")

    def let_changes_grow_old(self):
        """As three minutes would."""
        if self.store.engine == "sqlite":
            self.store.execute("UPDATE task_changes SET at_us = at_us - 180000000")
        else:
            self.store.execute("INSERT INTO esteira.task_change_marks (at, snapshot) VALUES "
                               "(clock_timestamp() - interval '3 minutes', pg_current_snapshot())")

    def test_what_is_no_id_is_refused(self):
        for wrong in ("x", "-1", "1;2", "9" * 30, "1:2:3:4"):
            self.refused(400, "GET", PATH, headers={"Last-Event-ID": wrong})
            self.refused(400, "GET", f"{PATH}?last_event_id={wrong}")
        self.refused(400, "GET", f"{PATH}?more=1")

    def test_head_answers_and_ends(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(request(method="HEAD"))
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK\r\n"))
        self.assertTrue(answer.endswith(b"\r\n\r\n"))


class Crowd(EventsCase):
    def raw_stream(self, receive_bytes=None):
        connection = socket.socket()
        if receive_bytes:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection.settimeout(60)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(request())
        self.addCleanup(connection.close)
        return connection

    def test_a_thousand_listen_at_the_cost_of_no_thread_and_little_memory(self):
        first = self.listen()
        first.wait_for_state(self.create()["task_id"], "PENDING")  # what is made late is there
        memory, count = memory_bytes(self.serve.pid), threads(self.serve.pid)
        crowd = [self.raw_stream() for _ in range(LISTENERS)]
        heard = {connection: b"" for connection in crowd}
        with selectors.DefaultSelector() as selector:
            for connection in crowd:
                selector.register(connection, selectors.EVENT_READ)

            def read_on():
                for key, _ in selector.select(0.05):
                    heard[key.fileobj] += key.fileobj.recv(65536)

            def all_have(word):
                read_on()
                return all(word in text for text in heard.values())

            wait_until(lambda: all_have(b"event: stats"), "all listen", pause=0)
            task_id = self.create()["task_id"]
            wait_until(lambda: all_have(b'"task_id":%d,' % task_id), "all are told", pause=0)
        self.assertEqual(threads(self.serve.pid), count)
        self.assertLess(memory_bytes(self.serve.pid) - memory, LISTENERS * 64 * 1024)

    def test_who_does_not_read_is_dropped_and_the_others_are_not(self):
        good = self.listen()
        good.wait_for("statistics", lambda me: me.all("stats"))
        slow = self.raw_stream(receive_bytes=2048)
        self.assertTrue(slow.recv(1))
        memory = memory_bytes(self.serve.pid)

        def dropped():
            self.call("POST", "/api/v1/tasks/batch",
                      {"tasks": [{"type": "NOOP", "payload": 1,
                                  "scheduled_for": "2100-01-01T00:00:00Z"}] * 100})
            return not holds(self.port, slow)

        wait_until(dropped, "the slow one is dropped")
        slow.close()
        task_id = self.create()["task_id"]
        good.wait_for_state(task_id, "PENDING")
        self.assertFalse(good.ended)
        self.assertLess(memory_bytes(self.serve.pid) - memory, 64 * 1024 * 1024)

    def test_open_streams_do_not_hold_up_the_servers_end(self):
        readers = [self.listen() for _ in range(3)]
        self.raw_stream(receive_bytes=2048)
        self.assertEqual(self.serve.terminate(), 0, self.serve.last_output())
        for reader in readers:
            reader.wait_for("the stream ends", lambda me: me.ended)


class Rights(EventsCase):
    def new_key(self, scope="tasks:read"):
        key = self.product.json("key", "create", "--name", "test", "--scope", scope)
        headers = {"Authorization": f"Bearer {key['secret']}"}
        wait_until(lambda: self.call("GET", "/healthz")[0] == 200 and
                   self.call("GET", "/api/v1/stats", headers=headers)[0] != 401,
                   "the server knows the key")
        return key["key_id"], headers

    def test_a_revoked_keys_stream_ends_and_the_others_go_on(self):
        nobody = self.listen()
        ending, its = self.new_key()
        nobody.wait_for("who has no key is let in no more", lambda me: me.ended)
        other, others = self.new_key("admin")
        revoked, staying = self.listen(headers=its), self.listen(headers=others)
        staying.wait_for("statistics", lambda me: me.all("stats"))
        self.product.run("key", "revoke", ending)
        revoked.wait_for("the stream ends", lambda me: me.ended)
        task_id = self.product.create("NOOP", {})
        staying.wait_for_state(task_id, "PENDING")
        self.assertFalse(staying.ended, other)
        self.refused(401, "GET", PATH)
        self.refused(401, "GET", PATH, headers=its)
        self.refused(403, "GET", PATH, headers=self.new_key("work")[1])

    def test_an_expired_keys_stream_ends(self):
        _, others = self.new_key()
        key = self.product.json("key", "create", "--name", "short", "--scope", "tasks:read",
                                "--expires-in", "6s")
        headers = {"Authorization": f"Bearer {key['secret']}"}
        wait_until(lambda: self.call("GET", "/api/v1/stats", headers=headers)[0] == 200,
                   "the server knows the key")
        short, staying = self.listen(headers=headers), self.listen(headers=others)
        short.wait_for("the stream ends", lambda me: me.ended)
        self.assertFalse(staying.ended)

    def test_a_key_has_so_many_streams_and_no_more(self):
        _, headers = self.new_key()
        _, others = self.new_key()
        streams = [self.listen(headers=headers) for _ in range(KEY_STREAMS)]
        self.refused(429, "GET", PATH, headers=headers)
        self.listen(headers=others)
        streams[0].cut()

        def again():
            events = Events(self.port, headers=headers)
            self.addCleanup(events.cut)
            return events.status == 200

        wait_until(again, "the place of one that left is free")


if __name__ == "__main__":
    main()
