"""The command line through a server: the same output and exit statuses as on the database."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading

from harness.api import ApiCase
from harness.case import OPTIONS, main
from harness.commands import Commands
from harness.postgres import free_port
from harness.processes import PATIENCE_SECONDS, wait_until
from harness.relay import Relay
from harness.store import STORES

DONE, FAILED, BAD_INPUT, NOT_FOUND, UNREACHABLE = range(5)
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?")
PACE = re.compile(r"in [0-9.]+ s \([0-9,]+ tasks/s\)")
SCHEMA = '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}'


class Remote(ApiCase):
    SERVE_OPTIONS = ("--no-worker",)

    def setUp(self):
        super().setUp()
        self.url = f"http://127.0.0.1:{self.port}"
        # A second, equal database, worked on directly.
        self.twin_directory = tempfile.mkdtemp(prefix="esteira-e2e-twin-")
        self.addCleanup(shutil.rmtree, self.twin_directory, ignore_errors=True)
        self.twin = STORES[OPTIONS.engine](self.twin_directory)
        self.run_verb("migrate", "up", "--database", self.twin.url)

    def run_verb(self, *words, text="", **variables):
        """(exit status, standard output, standard error)"""
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("ESTEIRA_", "PG"))}
        done = subprocess.run([OPTIONS.binary, *map(str, words)], input=text, text=True,
                              capture_output=True, cwd=self.directory, check=False,
                              env={**environment, **variables}, timeout=2 * PATIENCE_SECONDS)
        return done.returncode, done.stdout, done.stderr

    def remote(self, *words, server=None, **more):
        return self.run_verb(*words, "--server", server or self.url, **more)

    def reads_alike(self, *words):
        """Looking at the server's database directly and through the server gives the same bytes;
        only the moment of looking is another."""
        mask = re.compile(r'"generated_at":"[^"]*"')

        def look(*where):
            return tuple(mask.sub("", part) if isinstance(part, str) else part
                         for part in self.run_verb(*words, *where))

        def both():
            direct = look("--database", self.store.url)
            return direct if direct == look("--server", self.url) else None
        # Statistics move on with the minutes: between two looks they may.
        return wait_until(both, f"{words} reads alike")

    def does_alike(self, *words, status=DONE, text=""):
        """The same deed on both databases, one of them through the server."""
        def masked(answer):
            code, out, err = answer
            return code, *(PACE.sub("PACE", TIME.sub("TIME", part)) for part in (out, err))
        direct = masked(self.run_verb(*words, "--database", self.twin.url, text=text))
        remote = masked(self.remote(*words, text=text))
        self.assertEqual(remote, direct, words)
        self.assertEqual(direct[0], status, (words, direct))
        return direct

    def refused(self, status, *words, hint="", **more):
        code, out, err = self.run_verb(*words, **more)
        self.assertEqual((code, out), (status, ""), (words, err))
        self.assertIn(hint, err)
        return err

    def tasks(self):
        return self.store.rows("SELECT count(*) AS n FROM tasks")[0]["n"]

    # --- alike --------------------------------------------------------------------------------

    def test_a_task_s_life_is_told_alike(self):
        later = ("--scheduled-for", "+1h")
        for form in ((), ("--json",)):
            self.does_alike("task", "create", "NOOP", *later, "--payload", '{"a": [1.0, "ü", null]}',
                            "--priority", -3, "--max-retries", 0, "--tag", "a", "--tag", "b c&d",
                            "--timeout-seconds", "1.5", *form)
            self.does_alike("task", "create", "NOOP", "--scheduled-for", "2100-01-01T00:00:00Z",
                            "--idempotency-key", f"key ü {form}", *form)
            # The note and the first task.
            self.does_alike("task", "create", "NOOP", "--scheduled-for", "2100-01-01T00:00:00Z",
                            "--idempotency-key", f"key ü {form}", *form)
            for words in (("show", 1), ("list",), ("list", "--tag", "b c&d"), ("list", "--tag", ""),
                          ("list", "--status", "FAILED"), ("list", "--limit", 1),
                          ("list", "--cursor", 2), ("executions", 1)):
                self.does_alike("task", *words, *form)
        self.does_alike("task", "cancel", 1, 2, 1, 99, status=NOT_FOUND)
        self.does_alike("task", "cancel", 1, "--json", status=FAILED)
        self.does_alike("task", "executions", 1)
        waiting = json.loads(self.remote("task", "list", "--json")[1])[0]["task_id"]
        self.does_alike("task", "retry", 1, waiting, "--json", status=FAILED)
        self.does_alike("task", "delete", 2, 1, "--json")
        self.does_alike("task", "show", 2, status=NOT_FOUND)
        self.does_alike("task", "executions", 2, status=NOT_FOUND)
        self.does_alike("stats", "--json")
        self.does_alike("stats")

    def test_what_is_refused_is_refused_alike(self):
        self.does_alike("type", "set", "PICKY", "--schema", SCHEMA)
        refusals = (
            (BAD_INPUT, ("PICKY", "--payload", '{"id": "x"}')),
            (BAD_INPUT, ("HTTP_REQUEST", "--payload", '{"url": "x"}')),
            (BAD_INPUT, ("NOOP", "--payload", "{")),
            (BAD_INPUT, ("NOOP", "--unique-key", "")),
            (BAD_INPUT, ("NOOP", "--idempotency-key", "")),
            (BAD_INPUT, ("NOOP", "--tag", "x" * 65)),
            (BAD_INPUT, ("NOOP", "--timeout-seconds", 0)),
            (NOT_FOUND, ("NOBODY",)), (NOT_FOUND, ("noop",)), (NOT_FOUND, ("",)))
        for status, words in refusals:
            self.does_alike("task", "create", *words, status=status)
        self.does_alike("task", "create", "NOOP", "--unique-key", "k", "--scheduled-for", "+1h")
        self.does_alike("task", "create", "NOOP", "--unique-key", "k", status=FAILED)
        key = ("--idempotency-key", "once", "--scheduled-for", "+1h")
        self.does_alike("task", "create", "NOOP", *key)
        self.does_alike("task", "create", "NOOP", *key, "--priority", 1, status=BAD_INPUT)
        self.does_alike("task", "cancel", 1)
        self.does_alike("task", "create", "NOOP", "--unique-key", "k", "--scheduled-for", "+1h")
        self.does_alike("task", "retry", 1, status=FAILED)  # another one holds its key
        code, _, _ = self.remote("task", "create", "NOOP", "--payload", "-",
                                 text=json.dumps("x" * (1024 * 1024)))
        self.assertEqual(code, BAD_INPUT)

    def test_unique_keys_and_expiries_are_told_alike(self):
        held = ("--unique-key", "k", "--unique-scope", "waiting", "--scheduled-for", "+1h")
        for form in ((), ("--json",)):
            self.does_alike("task", "create", "NOOP", *held, "--on-conflict", "return", *form)
            self.does_alike("task", "create", "NOOP", *held, "--on-conflict", "replace",
                            "--payload", "[1]", *form)
            self.does_alike("task", "show", 1, *form)
            self.does_alike("task", "create", "NOOP", "--expires-at", "+2h", *held[4:], *form)
        self.does_alike("task", "create", "NOOP", *held, status=FAILED)
        window = ("--unique-scope", "window", "--unique-seconds", "90m")
        self.does_alike("task", "create", "NOOP", "--unique-key", "w", *window, *held[4:])
        self.does_alike("task", "create", "NOOP", "--unique-key", "w", status=FAILED)
        for words in (window, ("--unique-key", "v", *window[:2]), ("--unique-key", "v", *window[2:]),
                      ("--unique-key", "", *window), ("--on-conflict", "return"),
                      ("--expires-at", "2020-01-01T00:00:00Z"), ("--expires-at", "soon"),
                      ("--expires-at", "+1h", "--scheduled-for", "+1h")):
            self.does_alike("task", "create", "NOOP", *words, status=BAD_INPUT)
        self.does_alike("task", "import", "-", text=self.lines(
            [1, 2], unique={"key": "i", "scope": "waiting", "on_conflict": "return"},
            expires_at="+2h", scheduled_for="+1h"))

    def test_types_are_told_alike(self):
        full = ("--description", "d ü", "--max-retries", 7, "--timeout", "90s", "--schema", SCHEMA,
                "--back-off-base", "250ms", "--back-off-factor", "1.5", "--back-off-cap", "2h",
                "--back-off-jitter", "off", "--keep-completed", "1d", "--keep-failed", "3650d",
                "--keep-cancelled", "0s", "--concurrency", 4, "--rate", "100/s", "--max-waiting", 9)
        for form in ((), ("--json",)):
            self.does_alike("type", "set", "MINE", *full, *form)
            self.does_alike("type", "list", *form)
            self.does_alike("type", "pause", "MINE", *form)
            self.does_alike("type", "list", *form)
            self.does_alike("type", "resume", "SEND_MESSAGE", *form)
        self.does_alike("type", "set", "MINE", "--flow-key", "/customer/id", "--flow-concurrency", 2,
                        "--flow-rate", "10/m burst 2", "--flow-ordered", "on",
                        "--flow-weight", "São Paulo=3", "--flow-weight", "42=2")
        self.does_alike("type", "set", "MINE", "--flow-weight", "none", "--flow-ordered", "off")
        self.does_alike("type", "set", "MINE", "--flow-key", "none", "--breaker-rate", "0.25",
                        "--breaker-attempts", 7, "--breaker-window", "5m", "--breaker-open", "90s",
                        "--breaker-probes", 3)
        self.does_alike("type", "set", "MINE", "--breaker-rate", 0)
        for switch in ("on", "off"):
            self.does_alike("type", "set", "MINE", "--encrypted", switch)
        self.does_alike("type", "set", "MINE", "--schema", "none", "--rate", "none",
                        "--concurrency", 0, "--max-waiting", "none")
        for words in (("set", "bad name"), ("set", ""), ("set", "a/b"), ("set", "X", "--schema", "{"),
                      ("set", "X", "--schema", '{"type": "nothing"}'), ("set", "X", "--rate", "1"),
                      ("set", "X", "--flow-key", "customer"), ("set", "X", "--breaker-rate", "1.5"), ("set", "X", "--flow-ordered", "on"),
                      ("set", "X", "--flow-key", "/a", "--flow-weight", "42"),
                      ("set", "X", "--flow-key", "/a", "--flow-weight", "42=1001"),
                      ("set", "X", "--back-off-base", "2h", "--back-off-cap", "1h"),
                      ("set", "X", "--timeout", "8d"), ("set", "X", "--max-waiting", "0"), ("pause", "bad name")):
            self.does_alike("type", *words, status=BAD_INPUT)
        self.does_alike("type", "pause", "NOBODY", status=NOT_FOUND)

    def test_schedules_are_told_alike(self):
        full = ("--cron", "0 9 1 1 *", "--timezone", "America/Sao_Paulo", "--type", "NOOP",
                "--payload", '{"a": "ü"}', "--priority", 3, "--max-retries", 2, "--tag", "one",
                "--tag", "two", "--missed", "all", "--missed-window", "2h", "--missed-max", 7,
                "--overlap", "queue")
        for form in ((), ("--json",)):
            self.does_alike("schedule", "set", "mine", *full, *form)
            self.does_alike("schedule", "list", *form)
            self.does_alike("schedule", "show", "mine", *form)
            self.does_alike("schedule", "preview", "mine", "--count", 3, *form)
            self.does_alike("schedule", "pause", "mine", *form)
            self.does_alike("schedule", "list", *form)
            self.does_alike("schedule", "resume", "mine", *form)
            self.does_alike("schedule", "run", "mine", *form)
            self.does_alike("schedule", "set", "mine", "--overlap", "skip", *form)
            self.does_alike("schedule", "delete", "mine", *form)
        for words in (("a/b", *full), ("..", *full), ("", *full), ("x",), ("x", "--cron", "@daily"),
                      ("x", "--cron", "0 0 31 2 *", "--type", "NOOP"),
                      ("x", "--cron", "@daily", "--type", "NOOP", "--timezone", "Mars")):
            self.does_alike("schedule", "set", *words, status=BAD_INPUT)
        self.does_alike("schedule", "set", "x", "--cron", "@daily", "--type", "NOBODY",
                        status=NOT_FOUND)
        for verb in ("show", "delete", "preview", "run", "pause", "resume"):
            self.does_alike("schedule", verb, "nobody", status=NOT_FOUND)
            self.does_alike("schedule", verb, "..", status=NOT_FOUND)

    def test_what_was_run_reads_alike(self):
        commands = Commands(self.product)
        commands.open_gate()
        for command in ("wait", "pass", "pass"):
            self.product.create("COMMAND_RUN", {"command": command})
        self.product.create("COMMAND_RUN", {"command": "pass"}, "--scheduled-for", "+1h")
        self.product.run("worker", "--drain", "--poll-milliseconds", 10)
        for form in ((), ("--json",)):
            for task_id in (1, 2, 3, 4):
                self.reads_alike("task", "show", task_id, *form)
                self.reads_alike("task", "executions", task_id, *form)
            for words in (("task", "list"), ("task", "list", "--type", "COMMAND_RUN", "--limit", 2),
                          ("type", "list"), ("stats",)):
                self.reads_alike(*words, *form)
        self.reads_alike("top", "--json")

    def test_a_running_task_is_asked_to_stop_and_what_it_logged_is_shown(self):
        commands = Commands(self.product)
        worker = self.product.start("worker", "--poll-milliseconds", 100)
        task_id = self.product.create("COMMAND_RUN", {"command": "wait"})
        wait_until(lambda: commands.begun(task_id), "the command has begun")
        self.assertIn(str(task_id), self.remote("top")[1])
        code, out, _ = self.remote("task", "cancel", task_id, "--json")
        self.assertEqual((code, json.loads(out)), (DONE, [{"task_id": task_id,
                                                           "status": "requested"}]))
        wait_until(lambda: self.status_of(task_id) == "CANCELLED", "the task is cancelled")
        worker.terminate()
        # A worker in another language logs.
        _, _, seat = self.call("POST", "/api/v1/workers", {
            "name": "w", "host": "h", "pid": 1, "version": "1", "types": ["NOOP"], "slots": 1})
        task = self.create()
        _, _, claim = self.call("POST", "/api/v1/work/claim", {
            "worker_id": seat["worker_id"], "types": ["NOOP"], "limit": 1, "wait_seconds": 10})
        fence = {name: claim["tasks"][0][name] for name in ("attempt", "lease_id")}
        log = [{"line": 1, "level": "warning", "text": "half\tway ü\x1b"}]
        self.call("POST", "/api/v1/work/heartbeat", {
            "worker_id": seat["worker_id"],
            "tasks": [{"task_id": task["task_id"], **fence, "progress": 1, "log": log}]})
        _, out, _ = self.reads_alike("task", "show", task["task_id"])
        self.assertIn("half", out)
        self.reads_alike("task", "list")

    # --- import -------------------------------------------------------------------------------

    def lines(self, numbers, **more):
        return "".join(json.dumps({"type": "NOOP", "payload": number,
                                   "scheduled_for": "2100-01-01T00:00:00Z", **more}) + "\n"
                       for number in numbers)

    def test_files_are_imported_alike(self):
        bad = '{"type": "NOBODY", "payload": 1}\n{"type": "NOOP"}\nx\n'
        self.does_alike("type", "set", "PICKY", "--schema", SCHEMA)
        bad += '{"type": "PICKY", "payload": {}}\n'
        for form in ((), ("--json",)):
            self.does_alike("task", "import", "-", *form, text=self.lines(range(3)))
            self.does_alike("task", "import", "-", *form, text="")
            self.does_alike("task", "import", "-", *form, text=self.lines([1]) + bad,
                            status=BAD_INPUT)
            self.does_alike("task", "import", "-", "--skip-bad", *form,
                            text=bad + self.lines([1]))
        self.does_alike("task", "import", "-", text=self.lines([1], unique_key="k"))
        self.does_alike("task", "import", "-", text=self.lines([1, 2], unique_key="j"),
                        status=BAD_INPUT)
        self.does_alike("task", "import", "-", status=FAILED,
                        text=self.lines([1, 2]) + self.lines([3], unique_key="k"))
        self.does_alike("task", "import", "-", "--skip-bad",
                        text=self.lines([1, 2]) + self.lines([3], unique_key="k"))
        every = {"priority": 3, "max_retries": 0, "tags": ["a"], "timeout_seconds": 1.5,
                 "idempotency_key": "once"}
        for _ in range(2):
            self.does_alike("task", "import", "-", text=self.lines([1], **every))
        self.does_alike("task", "list", "--json", "--limit", 100)

    def test_a_file_of_several_batches_is_imported_alike(self):
        self.does_alike("task", "import", "-", text=self.lines(range(25_000)))
        self.does_alike("stats", "--json")
        self.does_alike("task", "import", "-", text=self.lines([1], unique_key="k"))
        clash = self.lines(range(10_500)) + self.lines([1], unique_key="k")
        _, _, err = self.does_alike("task", "import", "-", status=FAILED, text=clash)
        self.assertIn("go on with --from-line 10001", err)
        self.does_alike("task", "import", "-", "--from-line", 10_001, "--skip-bad", text=clash)
        self.does_alike("stats", "--json")

    def test_what_only_the_server_knows_of_a_line_is_told_with_the_line(self):
        text = self.lines([1]) + '\n{"type": "HTTP_REQUEST", "payload": {"url": "x"}}\n'
        err = self.refused(BAD_INPUT, "task", "import", "-", "--server", self.url, text=text,
                           hint="line 3: payload/url")
        self.assertIn("nothing of the file is kept", err)
        self.assertEqual(self.tasks(), 0)
        code, out, _ = self.remote("task", "import", "-", "--skip-bad", "--json", text=text)
        report = json.loads(out)
        self.assertEqual((code, report["imported"], report["bad"][0]["line"]), (DONE, 1, 3))

    # --- lost answers -------------------------------------------------------------------------

    def relay(self, on_request):
        relay = Relay(self.port, on_request)
        self.addCleanup(relay.close)
        return relay

    def test_an_answer_that_is_lost_makes_no_second_task(self):
        relay = self.relay(lambda number, _: "lose" if number == 1 else "pass")
        code, out, err = self.remote("task", "create", "NOOP", "--json", server=relay.url)
        self.assertEqual((code, err), (DONE, ""))
        self.assertEqual(self.tasks(), 1)
        self.assertEqual(json.loads(out), self.show(1))
        self.assertEqual(len(relay.requests), 2)

    def test_a_server_that_dies_while_it_creates_makes_exactly_one_task(self):
        for moment in ("before", "after"):
            made = self.tasks()

            back = threading.Event()

            def on_request(number, data, moment=moment, back=back):
                if number > 1:
                    back.wait(PATIENCE_SECONDS)  # the second try, for the server that is back
                    return "pass"
                if moment == "after":
                    self.pass_on(data)
                self.serve.signal(signal.SIGKILL)
                return "drop"
            relay = self.relay(on_request)
            client = self.product.start("task", "create", "NOOP", "--server", relay.url)
            self.assertEqual(self.serve.wait(), -signal.SIGKILL)
            self.assertEqual(self.tasks(), made + (moment == "after"))
            self.restart_serve()
            back.set()
            self.assertEqual(client.wait(), DONE, client.output())
            self.assertEqual(self.tasks(), made + 1, moment)

    def pass_on(self, request):
        """Has the server do what was asked; nobody hears of it."""
        head, _, body = request.partition(b"\r\n\r\n")
        key = re.search(rb"Idempotency-Key: (\S+)", head)[1].decode()
        status, _, _ = self.call("POST", "/api/v1/tasks", json.loads(body),
                                 {"Idempotency-Key": key})
        self.assertEqual(status, 201)

    def restart_serve(self):
        self.serve = self.product.start("serve", "--listen", f"127.0.0.1:{self.port}",
                                        *self.SERVE_OPTIONS)
        wait_until(lambda: "http://127" in self.serve.output(), "serve is back")
        wait_until(lambda: self.call("GET", "/readyz")[0] == 200, "serve is ready")

    def test_whoever_gives_up_says_how_to_find_out(self):
        relay = self.relay(lambda *_: "lose")
        err = self.refused(UNREACHABLE, "task", "create", "NOOP", "--server", relay.url,
                           hint="not known")
        key = re.search(r"--idempotency-key (\S+) ", err)[1]
        self.assertEqual(len(relay.requests), 3)
        self.assertEqual(self.tasks(), 1)
        code, out, _ = self.remote("task", "create", "NOOP", "--idempotency-key", key, "--json")
        self.assertEqual((code, json.loads(out)["task_id"], self.tasks()), (DONE, 1, 1))

    def test_a_batch_is_sent_again_where_each_task_has_a_key_and_else_is_told_to_be_in_doubt(self):
        def lose_first_batch(_, data):
            batches.append(data.startswith(b"POST"))
            return "lose" if batches[-1] and sum(batches) == 1 else "pass"
        batches = []
        relay = self.relay(lose_first_batch)
        text = "".join(json.dumps({"type": "NOOP", "payload": n, "idempotency_key": f"{n}"}) + "\n"
                       for n in range(100))
        code, out, err = self.remote("task", "import", "-", "--json", text=text, server=relay.url)
        self.assertEqual((code, err, json.loads(out)["imported"]), (DONE, "", 100))
        self.assertEqual(self.tasks(), 100)
        batches.clear()
        self.refused(UNREACHABLE, "task", "import", "-", "--server", relay.url,
                     text=self.lines(range(3)), hint="is not known: see esteira task list")
        self.assertEqual((sum(batches), self.tasks()), (1, 103))

    # --- who may, and where -------------------------------------------------------------------

    def key(self, *scopes):
        return self.product.json("key", "create", "--name", "test", "--scope", ",".join(scopes))[
            "secret"]

    def test_keys_open_what_their_scopes_allow(self):
        reader, admin = self.key("tasks:read"), self.key("admin")
        remote = ("--server", self.url)
        wait_until(lambda: self.run_verb("stats", *remote, ESTEIRA_KEY=admin)[0] == DONE
                   and self.run_verb("stats", *remote)[0] == FAILED, "the server knows the keys")
        self.refused(FAILED, "stats", *remote, hint="ESTEIRA_KEY")
        self.refused(FAILED, "stats", *remote, "--key", "esk_wrong", hint="ESTEIRA_KEY")
        err = self.refused(FAILED, "task", "create", "NOOP", *remote, ESTEIRA_KEY=reader,
                           hint="scopes")
        self.assertNotIn(reader, err)
        self.refused(FAILED, "task", "cancel", 1, *remote, ESTEIRA_KEY=reader, hint="task 1:")
        self.assertEqual(self.tasks(), 0)
        with open(os.path.join(self.directory, "key"), "w", encoding="ascii") as file:
            file.write(admin + "\n")
        self.assertEqual(self.run_verb("task", "create", "NOOP", *remote, "--key", "@key")[0], DONE)
        self.assertEqual(self.run_verb("stats", ESTEIRA_SERVER_URL=self.url,
                                       ESTEIRA_KEY="@key")[0], DONE)
        self.assertEqual(self.run_verb("task", "delete", 1, *remote, ESTEIRA_KEY=admin)[0], DONE)
        entries = [(entry["action"], entry["actor"][:4])
                   for entry in self.product.json("audit", "list")]
        self.assertIn(("task.delete", "key:"), entries)

    def test_who_can_t_be_reached_is_told_apart_from_who_is_something_else(self):
        nobody = f"http://127.0.0.1:{free_port()}"
        for words in (("task", "create", "NOOP"), ("task", "show", 1), ("task", "list"), ("stats",),
                      ("task", "cancel", 1), ("type", "list"), ("type", "set", "X"),
                      ("task", "executions", 1), ("top",)):
            self.refused(UNREACHABLE, *words, "--server", nobody, hint="can't be reached")
        self.refused(UNREACHABLE, "task", "import", "-", "--server", nobody,
                     text=self.lines([1]), hint="can't be reached")
        self.refused(FAILED, "stats", "--server", self.url + "/elsewhere", hint="no such place")

    def test_bad_usage_is_two(self):
        server = ("--server", self.url)
        self.refused(BAD_INPUT, "stats", *server, "--database", "sqlite:x.db")
        self.refused(BAD_INPUT, "stats", "--server", "sqlite:x.db")
        self.refused(BAD_INPUT, "stats", "--server", "http://user:pass@127.0.0.1/")
        self.refused(BAD_INPUT, "stats", "--key", "esk_x", hint="--server")
        self.refused(BAD_INPUT, "stats", *server, "--ca", "/nowhere.pem", hint="/nowhere.pem")
        self.refused(BAD_INPUT, "stats", "--server", "http://example.com", ESTEIRA_KEY="esk_x",
                     hint="https://")
        self.refused(BAD_INPUT, "stats", hint="ESTEIRA_DATABASE_URL", ESTEIRA_SERVER_URL=self.url,
                     ESTEIRA_DATABASE_URL="sqlite:x.db")
        for words in (("serve",), ("worker",), ("migrate", "up"), ("migrate", "status"), ("prune",),
                      ("doctor",), ("bench",), ("key", "list"), ("key", "revoke", "x"),
                      ("audit", "list"), ("audit", "verify"), ("completion", "bash")):
            self.refused(BAD_INPUT, *words, *server, hint="--server")
        self.assertEqual([name for name in os.listdir(self.directory) if name.endswith("x.db")], [])


if __name__ == "__main__":
    main()
