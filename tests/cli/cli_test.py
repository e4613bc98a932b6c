#!/usr/bin/env python3
"""The program as a user calls it: every verb, its JSON, its exit statuses, its answers to bad input.

    cli_test.py --engine sqlite|postgresql --binary PATH [unittest's own arguments]

PostgreSQL is found through ESTEIRA_TEST_POSTGRES_URL (tools/throwaway-postgres sets it)."""

import argparse
import http.client
import itertools
import json
import os
import pty
import pwd
import re
import select
import signal
import sqlite3
import subprocess
import sys
import tempfile
import unittest

DONE, FAILED, BAD_INPUT, NOT_FOUND, UNREACHABLE = range(5)
LIMIT_SECONDS = 120

TASK_FIELDS = [
    "task_id", "type", "status", "priority", "retries", "max_retries", "attempt", "payload",
    "result", "error_message", "scheduled_for", "started_at", "completed_at", "created_at",
    "updated_at", "crashes", "progress", "tags", "unique_key", "worker",
    "unique_scope", "expires_at", "depends_on", "batch_id", "rate_cost",
    "encrypted", "unreadable"]
EXECUTION_FIELDS = ["execution_id", "task_id", "attempt", "status", "started_at", "completed_at",
                    "error_message", "metadata"]
TYPE_STATS_FIELDS = ["type", "pending", "ready", "processing", "oldest_waiting_seconds",
                     "completed_per_minute", "failed_per_minute", "failure_rate", "wait_seconds",
                     "run_seconds"]
BENCH_FIELDS = ["engine", "tasks", "enqueue_per_second", "enqueue_one_by_one_per_second",
                "drain_per_second", "start_latency_ms", "cpu_us_per_task", "settings"]

OPTIONS = argparse.Namespace(engine="sqlite", binary="")
NUMBERS = itertools.count()


def psql(url, statement):
    subprocess.run(["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", url, "-c", statement],
                   check=True, capture_output=True, timeout=LIMIT_SECONDS)


class Case(unittest.TestCase):
    """A directory and an empty, migrated database for each test."""

    migrated = True

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="esteira-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("ESTEIRA_", "PG"))}
        self.environment["ESTEIRA_DATABASE_URL"] = self.new_database()
        if self.migrated:
            self.run_verb("migrate", "up")

    def new_database(self):
        if OPTIONS.engine == "sqlite":
            return f"sqlite:{self.folder}/tasks.db"
        server = os.environ["ESTEIRA_TEST_POSTGRES_URL"]
        name = f"cli_{os.getpid()}_{next(NUMBERS)}"
        psql(server, f"CREATE DATABASE {name}")
        self.addCleanup(psql, server, f"DROP DATABASE {name} WITH (FORCE)")
        return re.sub(r"/[^/]*$", f"/{name}", server)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def run_verb(self, *words, status=DONE, text="", **variables):
        """Runs a verb to its end; answers what it wrote to standard output and standard error."""
        done = subprocess.run([OPTIONS.binary, *map(str, words)], input=text, text=True,
                              capture_output=True, cwd=self.folder, check=False,
                              env={**self.environment, **variables}, timeout=LIMIT_SECONDS)
        self.assertEqual(done.returncode, status,
                         f"esteira {' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
        return done.stdout, done.stderr

    def json(self, *words, **more):
        return json.loads(self.run_verb(*words, "--json", **more)[0])

    def refusal(self, *words, status=BAD_INPUT, **more):
        """What a verb that must fail says; it prints nothing else."""
        out, err = self.run_verb(*words, status=status, **more)
        self.assertEqual(out, "")
        self.assertTrue(err.startswith("esteira: "), err)
        return err

    def create(self, *options, task_type="NOOP"):
        return self.json("task", "create", task_type, *options)["task_id"]

    def status_of(self, task_id):
        return self.json("task", "show", task_id)["status"]

    def drain(self):
        self.run_verb("worker", "--drain", "--poll-milliseconds", 10)

    def start(self, *words):
        """A verb that goes on running; its first line of JSON has been read."""
        process = subprocess.Popen([OPTIONS.binary, *map(str, words), "--json"], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder,
                                   env=self.environment)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        line = process.stdout.readline()
        if not line:
            self.fail(process.stderr.read())
        return process, json.loads(line)

    def stop(self, process, status=DONE):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(LIMIT_SECONDS), status)

    def lines(self, count, **more):
        return "".join(json.dumps({"type": "NOOP", "payload": n, **more}) + "\n"
                       for n in range(count))

    def pending(self):
        return self.json("stats")["by_status"]["PENDING"]


class Completing(Case):
    """Asks the script of `completion bash`, as bash does."""

    def completed(self, words):
        script = self.run_verb("completion", "bash")[0]
        quoted = " ".join(f"'{word}'" for word in words)
        probe = (f"{script}\nCOMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _esteira; "
                 'printf "%s\\n" "${COMPREPLY[@]}"')
        path = os.path.dirname(OPTIONS.binary) + ":" + self.environment["PATH"]
        done = subprocess.run(["bash", "-c", probe], text=True, capture_output=True, check=True,
                              cwd=self.folder, env={**self.environment, "PATH": path},
                              timeout=LIMIT_SECONDS)
        return sorted(done.stdout.split())


class CompletingTypes(Completing):
    def test_the_types_are_those_of_the_database_that_is_typed(self):
        self.run_verb("type", "set", "REPORT")
        url = self.environment.pop("ESTEIRA_DATABASE_URL")
        self.write("other.toml", f"[database]\nurl = '{url}'\n")
        split = [part for part in re.split("(:)", url) if part]  # as bash does it
        for words in (["--database", url], ["--database", *split], ["--database", "=", *split],
                      ["--config", "other.toml"]):
            self.assertEqual(self.completed(["esteira", *words, "task", "create", "REP"]),
                             ["REPORT"], words)
            self.assertEqual(self.completed(["esteira", *words, "task", "list", "--type", "REP"]),
                             ["REPORT"], words)


class CompletingNothing(Completing):
    migrated = False

    def new_database(self):
        return "sqlite:esteira.db"

    def test_no_file_is_made_by_asking_for_types(self):
        for words in ([], ["--database", "sqlite:other.db"], ["--database", "sqlite", ":", "x.db"]):
            self.assertEqual(self.completed(["esteira", *words, "task", "create", "NO"]), [])
            self.assertEqual(os.listdir(self.folder), [])


def every_verb():
    text = subprocess.run([OPTIONS.binary, "completion", "bash"], text=True, capture_output=True,
                          check=True, timeout=LIMIT_SECONDS).stdout
    return [name.split() for name in re.findall(r"^    '([a-z ]+)'\) words=", text, re.M)]


class Usage(Completing):
    migrated = False

    def new_database(self):
        return "sqlite:never-opened.db"

    def test_help_of_every_verb_has_an_example_and_the_global_options(self):
        verbs = every_verb()
        self.assertGreater(len(verbs), 20)
        for verb in verbs:
            out, err = self.run_verb(*verb, "--help")
            self.assertEqual(err, "", verb)
            self.assertIn("Usage: esteira " + " ".join(verb), out)
            example = re.search(r"^Example:\n  (.*)$", out, re.M)
            self.assertIn("esteira " + " ".join(verb), example[1] if example else "", verb)
            if verb not in (["task"], ["type"], ["batch"], ["schedule"], ["key"],
                            ["audit"], ["migrate"], ["encryption"], ["completion"]):
                for option in ("--json", "--database"):
                    self.assertEqual(option in out, verb != ["completion", "bash"], verb)

    def test_help_lists_the_verbs_and_the_version_is_told(self):
        out, _ = self.run_verb("--help")
        for verb in ("serve", "worker", "task", "bench", "doctor"):
            self.assertRegex(out, rf"\n  {verb} ")
        self.assertRegex(self.run_verb("--version")[0], r"^esteira \d+\.\d+\.\d+\n$")

    def test_bad_usage_is_told_with_where_to_look(self):
        for words, said in (
                ([], "a verb is missing"),
                (["nonsense"], "'nonsense' is no verb of 'esteira'"),
                (["dashboard", "list"], "'dashboard' is no verb"),
                (["task"], "a verb is missing"),
                (["task", "nonsense"], "'nonsense' is no verb of 'esteira task'"),
                (["--nonsense"], "--nonsense"),
                (["stats", "--nonsense"], "--nonsense"),
                (["task", "create"], "TYPE is required"),
                (["task", "cancel"], "ID is required"),
                (["task", "show", "x"], "ID: expected a whole number"),
                (["task", "show", "1", "2"], "2"),
                (["task", "create", "NOOP", "--priority", "40000"], "--priority: expected"),
                (["task", "list", "--limit", "0"], "--limit: expected"),
                (["task", "list", "--limit", "1001"], "--limit: expected"),
                (["task", "list", "--status", "DONE"], "PENDING, PROCESSING"),
                (["worker", "--lease-seconds", "0"], "from 1 to"),
                (["worker", "--concurrency", "0"], "from 1 to"),
                (["worker", "--types", "noop"], "A-Z"),
                (["worker", "--types", ""], "--types: expected a list of task types"),
                (["type", "set", "NOOP", "--timeout", "soon"], "--timeout: expected"),
                (["prune", "--completed-older", "-1d"], "--completed-older: expected"),
                (["completion", "fish"], "'fish' is no verb")):
            self.assertIn(said, self.refusal(*words), words)

    def test_an_error_keeps_standard_output_empty_with_json_too(self):
        self.refusal("task", "list", "--limit", "0", "--json")

    def test_the_completion_knows_verbs_and_options(self):
        for words, expected in (
                (["esteira", "ser"], ["serve"]),
                (["esteira", "task", "ex"], ["executions"]),
                (["esteira", "--database", "sqlite:x.db", "task", "re"], ["retry"]),
                (["esteira", "task", "create", "--pri"], ["--priority"]),
                (["esteira", "migrate", ""], ["up", "status"]),
                (["esteira", "task", "list", "--status", "CAN"], ["CANCELLED"]),
                (["esteira", "stats", "--js"], ["--json"])):
            self.assertEqual(self.completed(words), sorted(expected), words)


class Settings(Case):
    def test_a_mistake_in_the_file_is_told_with_its_line(self):
        for text, said in (
                ("[server]\nlistn = 'x'\n",
                 "esteira.toml:2: server.listn: unknown key: did you mean server.listen?"),
                ("\n\n[nonsense]\na = 1\n", "esteira.toml:3: nonsense: unknown key"),
                ("[worker]\nconcurrency = '5'\n",
                 "esteira.toml:2: worker.concurrency: expected a whole number from 1 to 1000"),
                ("[worker]\n\nconcurrency = 0\n", "esteira.toml:3: worker.concurrency: expected"),
                ("[worker]\nconcurrency =\n", "esteira.toml:2: "),
                ("[processors.command_run.commands.x]\nprogram = 'ls'\n",
                 "esteira.toml:2: processors.command_run.commands.x.program: expected an absolute")):
            self.write("esteira.toml", text)
            self.assertIn(said, self.refusal("stats"))

    def test_a_file_that_was_named_must_be_there(self):
        self.assertIn("nowhere.toml", self.refusal("stats", "--config", "nowhere.toml"))

    def test_a_wrong_variable_is_named(self):
        self.assertIn("ESTEIRA_WORKER_CONCURRENCY: expected a whole number",
                      self.refusal("stats", ESTEIRA_WORKER_CONCURRENCY="many"))

    def test_a_wrong_database_address_is_told_without_its_password(self):
        said = self.refusal("stats", "--database", "mysql://bob:hunter2@db/x")
        self.assertNotIn("hunter2", said)

    def test_a_wrong_port_is_bad_usage(self):
        for port in ("abc", "99999"):
            said = self.refusal("stats", "--database", f"postgresql://bob:hunter2@127.0.0.1:{port}/x")
            self.assertIn(f"from 1 to 65535, not '{port}'", said)
            self.assertNotIn("hunter2", said)

    def test_flag_before_environment_before_file(self):
        self.write("esteira.toml", "[worker]\nconcurrency = 2\nmax_crashes = 2\n"
                                   "[log]\nlevel = 'error'\n[database]\nurl = 'sqlite:other.db'\n")
        found = {one["key"]: one for one in
                 self.json("doctor", ESTEIRA_WORKER_CONCURRENCY="3")["configuration"]}
        self.assertEqual(found["worker.concurrency"],
                         {"key": "worker.concurrency", "value": "3",
                          "from": "ESTEIRA_WORKER_CONCURRENCY"})
        self.assertEqual(found["worker.max_crashes"]["from"], "esteira.toml:3")
        self.assertEqual(found["database.url"]["from"], "ESTEIRA_DATABASE_URL")
        self.assertEqual(found["worker.lease_seconds"]["from"], "default")
        flagged = self.json("doctor", "--database", "sqlite:flag.db")["configuration"]
        self.assertIn({"key": "database.url", "value": '"sqlite:flag.db"', "from": "--database"},
                      flagged)

    def test_doctor_is_content_with_a_good_setup(self):
        report = self.json("doctor")
        self.assertTrue(report["healthy"], report)
        checks = {check["name"]: check for check in report["checks"]}
        for name in ("database", "schema", "clock", "processors"):
            self.assertEqual(checks[name]["status"], "ok", checks[name])
        self.assertIn("settings", checks)
        self.assertIn("all is well" if OPTIONS.engine == "sqlite" else "it works",
                      self.run_verb("doctor")[0])

    def test_doctor_says_what_to_mend(self):
        self.write("esteira.toml", "[processors.command_run.commands.report]\n"
                                   "program = '/nowhere/report'\n")
        report = self.json("doctor", status=FAILED)
        self.assertFalse(report["healthy"])
        failed = [check for check in report["checks"] if check["status"] == "failed"]
        self.assertEqual([check["name"] for check in failed], ["command report"])
        self.write("esteira.toml", "[server]\nlistn = 1\n")
        self.assertIn("esteira.toml:2", self.run_verb("doctor", status=FAILED)[0])

    def test_doctor_prints_no_secret(self):
        url = "postgresql://bob:hunter2@127.0.0.1:1/x?password=hunter3"
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        out, err = self.run_verb("doctor", status=UNREACHABLE, ESTEIRA_DATABASE_URL=url,
                                 ESTEIRA_PROCESSORS_HTTP_REQUEST_SECRETS=secret,
                                 ESTEIRA_ENCRYPTION_SECRETS="2026a:" + "5e" * 32)
        for hidden in ("hunter2", "hunter3", secret, "5e" * 32):
            self.assertNotIn(hidden, out + err)
        self.assertIn("postgresql://bob:***@127.0.0.1:1/x", out)

    def test_a_database_that_is_away_is_four(self):
        url = "postgresql://nobody@127.0.0.1:1/x"
        for words in (["stats"], ["task", "list"], ["worker"], ["migrate", "up"]):
            self.refusal(*words, "--database", url, status=UNREACHABLE)


class Migration(Case):
    migrated = False

    def test_up_brings_an_empty_database_to_the_latest_version(self):
        before = self.json("migrate", "status")
        self.assertEqual(before["current"], 0)
        self.assertFalse(before["usable"])
        self.assertEqual(len(before["pending"]), before["latest"])
        done = self.json("migrate", "up")
        self.assertEqual(done["applied"], before["pending"])
        self.assertEqual(self.json("migrate", "up")["applied"], [])
        after = self.json("migrate", "status")
        self.assertTrue(after["usable"])
        self.assertEqual(after["pending"], [])
        self.assertIn("NOOP", [one["name"] for one in self.json("type", "list")])
        self.assertIn(f"version {after['current']}", self.run_verb("migrate", "status")[0])

    def test_a_database_without_a_schema_is_made_ready_or_told(self):
        if OPTIONS.engine == "sqlite":
            self.assertEqual(self.json("task", "list"), [])
            return
        self.assertIn("esteira migrate up", self.refusal("task", "list", status=FAILED))
        self.assertIn("esteira migrate up", self.refusal("worker", status=FAILED))
        self.assertIn("esteira migrate up", self.run_verb("doctor", status=FAILED)[0])

    def test_serve_migrates_when_it_is_asked_to(self):
        process, _ = self.start("serve", "--listen", "127.0.0.1:0", "--migrate")
        self.assertEqual(self.json("task", "list"), [])
        self.stop(process)


    def test_looking_at_the_status_makes_no_file(self):
        before = os.listdir(self.folder)
        said = self.run_verb("migrate", "status", "--database", "sqlite:new.db")[0]
        self.assertIn("sqlite:new.db is at version 0", said)
        self.assertIn("esteira migrate up", said)
        self.assertIn("nowhere", self.refusal("migrate", "status", "--database",
                                              "sqlite:nowhere/new.db"))
        self.assertEqual(os.listdir(self.folder), before)


class Tasks(Case):
    def test_create_prints_the_task_with_the_fields_of_the_interface(self):
        task = self.json("task", "create", "NOOP", "--payload", '{"a": [1, "ç"]}', "--priority", -7,
                         "--max-retries", 5, "--tag", "x", "--tag", "y", "--unique-key", "k",
                         "--scheduled-for", "2034-12-25T09:00:00-03:00")
        self.assertEqual(list(task), TASK_FIELDS)
        self.assertEqual(task["payload"], {"a": [1, "ç"]})
        self.assertEqual((task["priority"], task["max_retries"]), (-7, 5))
        self.assertEqual((task["status"], task["attempt"]), ("PENDING", 0))
        self.assertIsNone(task["result"])
        self.assertEqual((task["tags"], task["unique_key"]), (["x", "y"], "k"))
        self.assertEqual(task["scheduled_for"], "2034-12-25T12:00:00Z")
        self.assertEqual(self.json("task", "show", task["task_id"]), task)

    def test_the_payload_comes_as_text_from_a_file_or_from_standard_input(self):
        self.write("payload.json", ' {"from": "file"}\n')
        made = self.json("task", "create", "NOOP", "--payload", "@payload.json")
        self.assertEqual(made["payload"], {"from": "file"})
        made = self.json("task", "create", "NOOP", "--payload", "-", text='{"from": "stdin"}')
        self.assertEqual(made["payload"], {"from": "stdin"})
        self.assertEqual(self.json("task", "create", "NOOP")["payload"], {})

    def test_a_bad_payload_is_refused(self):
        for payload in ("{", "", '{"a": 1, "a": 2}', '"\\u0000"', '"\\ud800"', "1e999", "@nowhere"):
            self.refusal("task", "create", "NOOP", "--payload", payload)
        self.assertIn("url", self.refusal("task", "create", "HTTP_REQUEST", "--payload", "{}"))
        self.assertEqual(self.json("task", "list"), [])

    def test_a_time_is_a_time_or_a_delay(self):
        self.refusal("task", "create", "NOOP", "--scheduled-for", "tomorrow")
        task = self.json("task", "create", "NOOP", "--scheduled-for", "+1d")
        self.assertGreater(task["scheduled_for"], task["created_at"])

    def test_an_unknown_type_is_not_found(self):
        self.assertIn("esteira type set NOPE",
                      self.refusal("task", "create", "NOPE", status=NOT_FOUND))

    def test_a_type_s_name_in_lower_case_is_told_as_such(self):
        said = self.refusal("task", "create", "noop", status=NOT_FOUND)
        self.assertIn("upper case", said)
        self.assertNotIn("type set", said)

    def test_the_other_spelling_of_a_type_is_an_alias(self):
        task = self.json("task", "create", "SEND_MESSAGE", "--payload",
                         '{"message_id": 123, "channel": "whatsapp"}')
        self.assertEqual(task["type"], "MESSAGE_SEND")
        self.assertEqual(len(self.json("task", "list", "--type", "SEND_MESSAGE")), 1)

    def test_a_unique_key_is_held_by_one_task(self):
        first = self.create("--unique-key", "k")
        said = self.refusal("task", "create", "NOOP", "--unique-key", "k", status=FAILED)
        self.assertIn(str(first), said)

    def test_who_meets_a_held_key_is_answered_as_asked(self):
        first = self.create("--unique-key", "k", "--unique-scope", "waiting",
                            "--scheduled-for", "+1h")
        again = ("--unique-key", "k", "--unique-scope", "waiting", "--on-conflict")
        self.assertEqual(self.create(*again, "return", "--priority", 3), first)
        self.assertEqual(self.json("task", "show", first)["priority"], 0)
        self.assertEqual(self.create(*again, "replace", "--priority", 3), first)
        shown = self.json("task", "show", first)
        self.assertEqual((shown["priority"], shown["unique_scope"], shown["scheduled_for"]),
                         (3, "waiting", None))
        self.refusal("task", "create", "NOOP", *again, "refuse", status=FAILED)

    def test_a_window_has_a_length_and_a_key(self):
        window = ("--unique-scope", "window", "--unique-seconds", "1h")
        self.create("--unique-key", "w", *window)
        self.refusal("task", "create", "NOOP", *window)
        self.refusal("task", "create", "NOOP", "--unique-key", "v", "--unique-scope", "window")
        self.refusal("task", "create", "NOOP", "--unique-key", "v", "--unique-seconds", "1h")
        self.refusal("task", "create", "NOOP", "--unique-key", "v", "--unique-scope", "ever")

    def test_an_expiry_is_a_time_in_the_future_or_a_delay(self):
        task = self.json("task", "create", "NOOP", "--expires-at", "+1h")
        self.assertGreater(task["expires_at"], task["created_at"])
        self.refusal("task", "create", "NOOP", "--expires-at", "2020-01-01T00:00:00Z")
        self.refusal("task", "create", "NOOP", "--expires-at", "+1h", "--scheduled-for", "+2h")

    def test_no_more_wait_than_the_type_lets(self):
        kind = self.json("type", "set", "FULL", "--max-waiting", 2)
        self.assertEqual(kind["max_waiting"], 2)
        self.json("task", "create", "FULL")
        self.json("task", "create", "FULL")
        said = self.refusal("task", "create", "FULL", status=FAILED)
        self.assertIn("try again later", said)
        lines = json.dumps({"type": "FULL", "payload": 1}) + "\n"
        self.refusal("task", "import", "-", text=lines, status=FAILED)
        self.assertEqual(len(self.json("task", "list", "--type", "FULL")), 2)
        self.refusal("type", "set", "FULL", "--max-waiting", 0)
        self.refusal("type", "set", "FULL", "--max-waiting", "many")
        self.assertIsNone(self.json("type", "set", "FULL", "--max-waiting", "none")["max_waiting"])
        self.json("task", "create", "FULL")

    def test_an_idempotency_key_answers_the_first_task(self):
        first = self.create("--idempotency-key", "i")
        self.assertEqual(self.create("--idempotency-key", "i"), first)
        self.refusal("task", "create", "NOOP", "--idempotency-key", "i", "--priority", 3)

    def test_an_idempotency_key_with_a_delay_answers_the_first_task(self):
        later = ("--idempotency-key", "i", "--scheduled-for", "+5m")
        first = self.create(*later)
        due = self.json("task", "show", first)["scheduled_for"]
        self.assertEqual(self.create(*later), first)
        self.assertEqual(self.json("task", "show", first)["scheduled_for"], due)
        self.refusal("task", "create", "NOOP", "--idempotency-key", "i", "--scheduled-for", "+6m")

    def test_a_task_that_is_not_there_is_not_found(self):
        for verb in ("show", "executions"):
            self.refusal("task", verb, 987654, status=NOT_FOUND)

    def test_lists_are_filtered_and_paged_newest_first(self):
        ids = [self.create("--tag", "even" if n % 2 == 0 else "odd") for n in range(5)]
        listed = self.json("task", "list")
        self.assertEqual([task["task_id"] for task in listed], ids[::-1])
        self.assertEqual(list(listed[0]), TASK_FIELDS)
        page = self.json("task", "list", "--limit", 2)
        self.assertEqual([task["task_id"] for task in page], [ids[4], ids[3]])
        page = self.json("task", "list", "--limit", 2, "--cursor", ids[3])
        self.assertEqual([task["task_id"] for task in page], [ids[2], ids[1]])
        self.assertIn(f"--cursor {ids[3]}", self.run_verb("task", "list", "--limit", 2)[0])
        odd = self.json("task", "list", "--tag", "odd")
        self.assertEqual([task["task_id"] for task in odd], [ids[3], ids[1]])
        self.run_verb("task", "cancel", ids[0])
        cancelled = self.json("task", "list", "--status", "CANCELLED")
        self.assertEqual([task["task_id"] for task in cancelled], [ids[0]])
        self.assertEqual(self.json("task", "list", "--type", "COMMAND_RUN"), [])

    def test_a_worker_drains_what_is_ready_and_leaves_the_history(self):
        task_id = self.create("--payload", '{"n": 1}')
        later = self.create("--scheduled-for", "+1h")
        self.assertEqual(self.json("task", "executions", task_id), [])
        self.drain()
        task = self.json("task", "show", task_id)
        self.assertEqual((task["status"], task["result"], task["attempt"]),
                         ("COMPLETED", {"n": 1}, 1))
        self.assertEqual(self.status_of(later), "PENDING")
        executions = self.json("task", "executions", task_id)
        self.assertEqual([list(one) for one in executions], [EXECUTION_FIELDS])
        self.assertEqual(executions[0]["status"], "COMPLETED")
        self.assertIn("COMPLETED", self.run_verb("task", "executions", task_id)[0])

    def test_a_permanent_failure_is_told(self):
        task_id = self.create("--payload", '{"url": "http://127.0.0.1:1/"}',
                              task_type="HTTP_REQUEST")
        self.drain()
        task = self.json("task", "show", task_id)
        self.assertEqual(task["status"], "FAILED")
        self.assertTrue(task["error_message"])
        self.assertIn(task["error_message"], self.run_verb("task", "show", task_id)[0])

    def test_cancel_retry_and_delete_answer_for_each_task(self):
        first, second = self.create(), self.create()
        answers = json.loads(self.run_verb("task", "cancel", first, 987654, second, "--json",
                                           status=NOT_FOUND)[0])
        self.assertEqual(answers, [{"task_id": first, "status": "applied"},
                                   {"task_id": 987654, "status": "not_found"},
                                   {"task_id": second, "status": "applied"}])
        self.assertIn(f"task {first} has ended already",
                      self.refusal("task", "cancel", first, status=FAILED))
        self.run_verb("task", "retry", first)
        self.assertEqual(self.status_of(first), "PENDING")
        self.refusal("task", "retry", first, status=FAILED)
        self.run_verb("task", "delete", first, second)
        self.refusal("task", "show", first, status=NOT_FOUND)
        self.refusal("task", "delete", first, status=NOT_FOUND)

    def test_text_of_a_task_can_not_drive_the_terminal(self):
        task_id = self.create("--tag", "\x1b]0;owned\x07")
        self.assertNotIn("\x1b", self.run_verb("task", "show", task_id)[0])
        self.assertEqual(self.json("task", "show", task_id)["tags"], ["\x1b]0;owned\x07"])


class Import(Case):
    BAD = ('{"type": "NOOP", "payload": 1}\n'
           "rubbish\n"
           "\n"
           '{"type": "NOPE", "payload": 1}\n'
           '{"type": "NOOP", "payload": 1, "prioritty": 2}\n'
           '{"type": "NOOP"}\n'
           '{"type": "NOOP", "payload": 2}\n')

    def bad_lines(self, report):
        return [bad["line"] for bad in report["bad"]]

    def test_a_file_is_imported(self):
        self.write("tasks.ndjson", self.lines(3, tags=["a"], priority=2, max_retries=1,
                                              scheduled_for="2034-01-01T00:00:00Z",
                                              timeout_seconds=5))
        self.assertEqual(self.json("task", "import", "tasks.ndjson"),
                         {"imported": 3, "skipped": 0, "bad": []})
        task = self.json("task", "list")[0]
        self.assertEqual((task["payload"], task["priority"], task["tags"], task["max_retries"]),
                         (2, 2, ["a"], 1))
        out, _ = self.run_verb("task", "import", "tasks.ndjson")
        self.assertRegex(out, r"^3 tasks imported in .* tasks/s\)\n$")

    def test_standard_input_and_pipes_are_read_too(self):
        report = self.json("task", "import", "-", text=self.lines(2))
        self.assertEqual(report["imported"], 2)
        self.write("tasks.ndjson", self.lines(2))
        command = f"'{OPTIONS.binary}' task import <(cat tasks.ndjson) --json"
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment,
                              text=True, capture_output=True, check=True, timeout=LIMIT_SECONDS)
        self.assertEqual(json.loads(done.stdout)["imported"], 2)

    def test_a_bad_line_is_named_and_nothing_is_kept(self):
        self.write("bad.ndjson", self.BAD)
        out, err = self.run_verb("task", "import", "bad.ndjson", status=BAD_INPUT)
        self.assertEqual(out, "")
        for said in ("line 2: ", "line 4: ", "line 5: ", "line 6: payload is missing", "prioritty",
                     "nothing of the file is kept"):
            self.assertIn(said, err)
        out, _ = self.run_verb("task", "import", "bad.ndjson", "--json", status=BAD_INPUT)
        report = json.loads(out)
        self.assertEqual(list(report), ["imported", "skipped", "bad"])
        self.assertEqual((report["imported"], self.bad_lines(report)), (0, [2, 4, 5, 6]))
        self.assertEqual(self.pending(), 0)

    def test_a_bad_last_line_of_a_large_file_keeps_nothing_either(self):
        out, _ = self.run_verb("task", "import", "-", "--json", status=BAD_INPUT,
                               text=self.lines(12_000) + "rubbish\n")
        self.assertEqual(self.bad_lines(json.loads(out)), [12_001])
        self.assertEqual(self.pending(), 0)

    def test_bad_lines_are_left_out_when_asked(self):
        report = self.json("task", "import", "-", "--skip-bad", text=self.BAD)
        self.assertEqual((report["imported"], report["skipped"]), (2, 4))
        self.assertEqual(self.bad_lines(report), [2, 4, 5, 6])
        self.assertEqual(self.pending(), 2)

    def test_a_held_unique_key_is_told_with_its_line(self):
        self.create("--unique-key", "k")
        text = self.lines(2) + self.lines(1, unique_key="k")
        out, err = self.run_verb("task", "import", "-", status=FAILED, text=text)
        self.assertIn("line 3: ", err)
        self.assertIn("nothing of the file is kept", err)
        self.assertEqual(self.pending(), 1)
        report = self.json("task", "import", "-", "--skip-bad", text=text)
        self.assertEqual((report["imported"], self.bad_lines(report)), (2, [3]))

    def test_an_import_goes_on_where_it_is_told_to(self):
        report = self.json("task", "import", "-", "--from-line", 2, text=self.lines(3))
        self.assertEqual(report["imported"], 2)

    def test_what_can_not_be_read_is_bad_input(self):
        self.refusal("task", "import", "nowhere.ndjson")
        self.refusal("task", "import", ".")

    def test_an_empty_file_imports_nothing(self):
        self.assertEqual(self.json("task", "import", "-"),
                         {"imported": 0, "skipped": 0, "bad": []})

    def test_progress_is_shown_on_a_terminal(self):
        self.write("tasks.ndjson", self.lines(2_000))
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        process = subprocess.Popen([OPTIONS.binary, "task", "import", "tasks.ndjson"],
                                   stderr=theirs, stdout=subprocess.PIPE, cwd=self.folder,
                                   env=self.environment)
        os.close(theirs)
        self.addCleanup(process.communicate)
        shown = read_terminal(ours)
        self.assertEqual(process.wait(LIMIT_SECONDS), DONE)
        self.assertIn(b" tasks", shown)
        self.assertIn(b" %", shown)


class Types(Case):
    def test_every_built_in_type_is_there(self):
        types = {one["name"]: one for one in self.json("type", "list")}
        for name in ("NOOP", "HTTP_REQUEST", "COMMAND_RUN", "MESSAGE_SEND", "BOLETO_EMIT",
                     "NFSE_EMIT"):
            self.assertIn(name, types)
        self.assertEqual(types["NOOP"]["retention"]["completed_seconds"], 7 * 24 * 3600)
        self.assertIn("HTTP_REQUEST", self.run_verb("type", "list")[0])

    def test_set_creates_and_changes_what_is_given(self):
        self.write("schema.json", '{"type": "object", "required": ["name"]}')
        made = self.json("type", "set", "REPORT", "--description", "Reports", "--max-retries", 9,
                         "--timeout", "90s", "--schema", "@schema.json", "--concurrency", 4,
                         "--rate", "100/s", "--back-off-base", "1s", "--back-off-factor", "3",
                         "--back-off-cap", "1m", "--back-off-jitter", "off", "--keep-failed", "1d")
        self.assertEqual((made["description"], made["max_retries"], made["timeout_seconds"]),
                         ("Reports", 9, 90))
        self.assertEqual(made["payload_schema"]["required"], ["name"])
        self.assertEqual(made["back_off"],
                         {"base_seconds": 1, "factor": 3.0, "cap_seconds": 60, "jitter": False})
        self.assertEqual((made["concurrency"], made["rate"]), (4, "100/s"))
        self.assertEqual(made["retention"]["failed_seconds"], 24 * 3600)
        changed = self.json("type", "set", "REPORT", "--max-retries", 0, "--schema", "none")
        self.assertEqual((changed["max_retries"], changed["timeout_seconds"],
                          changed["payload_schema"]), (0, 90, None))

    def test_a_type_s_schema_is_kept_to(self):
        self.json("type", "set", "REPORT", "--schema", '{"required": ["name"]}')
        self.assertIn("name", self.refusal("task", "create", "REPORT"))
        self.create("--payload", '{"name": 1}', task_type="REPORT")

    def test_what_is_wrong_is_refused(self):
        for words in (["report"], ["REPORT", "--schema", "@nowhere"], ["REPORT", "--schema", "{"],
                      ["REPORT", "--schema", '{"type": "nonsense"}'], ["REPORT", "--schema", ""],
                      ["REPORT", "--rate", "fast"], ["REPORT", "--timeout", "0s"],
                      ["REPORT", "--back-off-factor", "0.5"], ["REPORT", "--max-retries", "-1"]):
            self.refusal("type", "set", *words)
        self.assertNotIn("REPORT", [one["name"] for one in self.json("type", "list")])

    def test_a_paused_type_is_not_run_until_it_is_resumed(self):
        task_id = self.create()
        self.assertTrue(self.json("type", "pause", "NOOP")["paused"])
        self.drain()
        self.assertEqual(self.status_of(task_id), "PENDING")
        self.assertFalse(self.json("type", "resume", "NOOP")["paused"])
        self.drain()
        self.assertEqual(self.status_of(task_id), "COMPLETED")

    def test_pausing_what_is_not_there_is_not_found(self):
        self.refusal("type", "pause", "NOPE", status=NOT_FOUND)
        self.refusal("type", "resume", "NOPE", status=NOT_FOUND)


class Keys(Case):
    def make(self, *options):
        return self.json("key", "create", "--name", "shop", *options)

    def trail(self):
        """Actions and targets, oldest first."""
        return [(one["action"], one["target"])
                for one in reversed(self.json("audit", "list", "--limit", 1000))]

    def tamper(self, *statements):
        """Plain SQL, with the triggers out of its way."""
        if OPTIONS.engine == "sqlite":
            connection = sqlite3.connect(f"{self.folder}/tasks.db")
            connection.execute("DROP TRIGGER audit_log_no_update")
            connection.execute("DROP TRIGGER audit_log_no_delete")
            for statement in statements:
                connection.execute(statement)
            connection.commit()
            connection.close()
            return
        url = self.environment["ESTEIRA_DATABASE_URL"]
        psql(url, "ALTER TABLE esteira.audit_log DISABLE TRIGGER ALL")
        for statement in statements:
            psql(url, "SET search_path = esteira; " + statement)

    def test_a_key_s_secret_is_shown_once(self):
        made = self.make("--scope", "tasks:write,tasks:read", "--expires-in", "90d")
        self.assertEqual(sorted(made), ["created_at", "expires_at", "key_id", "name", "scopes",
                                        "secret"])
        self.assertRegex(made["secret"], r"^esk_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$")
        self.assertEqual(made["secret"].split("_")[1], made["key_id"])
        self.assertEqual(made["scopes"], ["tasks:read", "tasks:write"])
        self.assertIsNotNone(made["expires_at"])
        listed = self.json("key", "list")
        self.assertEqual([one["key_id"] for one in listed], [made["key_id"]])
        self.assertNotIn("secret", listed[0])
        self.assertIsNone(self.make("--scope", "admin")["expires_at"])

    def test_people_are_told_to_store_the_secret(self):
        out, err = self.run_verb("key", "create", "--name", "Ana", "--scope", "work")
        self.assertRegex(out, r"secret +esk_")
        self.assertIn("this once", err)
        out, _ = self.run_verb("key", "list")
        self.assertIn("Ana", out)
        self.assertIn("live", out)
        self.assertNotIn("esk_", out)

    def test_a_revoked_key_stays_in_the_list(self):
        made = self.make("--scope", "work")
        self.assertEqual(self.json("key", "revoke", made["key_id"]),
                         {"key_id": made["key_id"], "status": "revoked"})
        self.assertIsNotNone(self.json("key", "list")[0]["revoked_at"])
        self.assertIn("revoked", self.run_verb("key", "list")[0])

    def test_what_is_wrong_is_refused(self):
        self.refusal("key", "revoke", "AAAAAAAAAAAA", status=NOT_FOUND)
        self.refusal("key", "revoke", "no key", status=NOT_FOUND)
        self.refusal("key", "create", "--name", "shop")
        self.refusal("key", "create", "--scope", "work")
        self.assertIn("tasks:all", self.refusal("key", "create", "--name", "a", "--scope",
                                                "work,tasks:all"))
        self.refusal("key", "create", "--name", "", "--scope", "work")
        self.refusal("key", "create", "--name", "a", "--scope", "work", "--expires-in", "0s")
        self.assertEqual(self.json("key", "list"), [])
        self.assertEqual(self.trail(), [])
        for words in (["key", "list"], ["audit", "verify"], ["audit", "list"]):
            self.refusal(*words, "--database", "postgresql://127.0.0.1:1/none?connect_timeout=2",
                         status=UNREACHABLE)

    def test_the_secret_is_nowhere_in_the_database(self):
        made = self.make("--scope", "work")
        secret = made["secret"].split("_")[2]
        if OPTIONS.engine == "sqlite":
            everything = b""
            for name in os.listdir(self.folder):
                with open(os.path.join(self.folder, name), "rb") as file:
                    everything += file.read()
            everything = everything.decode("latin-1")
        else:
            everything = subprocess.run(
                ["pg_dump", "--data-only", self.environment["ESTEIRA_DATABASE_URL"]], text=True,
                check=True, capture_output=True, timeout=LIMIT_SECONDS).stdout
        self.assertIn(made["key_id"], everything)
        for part in (secret, secret[:16], secret[16:32]):
            self.assertNotIn(part, everything)

    def test_changes_are_in_the_audit_trail(self):
        task_id = self.create()
        key_id = self.make("--scope", "work")["key_id"]
        self.run_verb("key", "revoke", key_id)
        self.run_verb("type", "set", "REPORT", "--description", "Reports")
        self.run_verb("type", "set", "REPORT", "--schema", '{"description": "%s"}' % ("x" * 50000))
        self.run_verb("type", "pause", "REPORT")
        self.run_verb("type", "resume", "REPORT")
        self.run_verb("task", "cancel", task_id, 4242, status=NOT_FOUND)
        self.run_verb("task", "retry", task_id)
        self.run_verb("task", "delete", task_id)
        self.assertEqual(self.trail(), [
            ("key.create", key_id), ("key.revoke", key_id), ("type.set", "REPORT"),
            ("type.set", "REPORT"), ("type.pause", "REPORT"), ("type.resume", "REPORT"),
            ("task.cancel", str(task_id)), ("task.retry", str(task_id)),
            ("task.delete", str(task_id))])
        entries = list(reversed(self.json("audit", "list")))
        self.assertEqual({one["actor"] for one in entries}, {f"cli:{pwd.getpwuid(os.geteuid())[0]}"})
        self.assertIsNone(entries[2]["before"])
        self.assertEqual(entries[3]["before"]["description"], "Reports")
        self.assertRegex(entries[3]["after"]["payload_schema"]["sha256"], r"^[0-9a-f]{64}$")
        self.assertNotIn("esk_", json.dumps(entries))
        page = self.json("audit", "list", "--limit", 2, "--cursor", 4)
        self.assertEqual([one["seq"] for one in page], [3, 2])
        self.assertIn("--cursor", self.run_verb("audit", "list", "--limit", 2)[0])

    def test_the_trail_is_verified(self):
        self.assertTrue(self.json("audit", "verify")["sound"])
        for _ in range(5):
            self.run_verb("type", "pause", "NOOP")
        sound = self.json("audit", "verify")
        self.assertEqual((sound["sound"], sound["records"], sound["broken"]), (True, 5, None))
        head = f"{sound['head']['seq']}:{sound['head']['hash']}"
        self.assertIn(head, self.run_verb("audit", "verify")[0])
        self.run_verb("audit", "verify", "--head", head)
        self.refusal("audit", "verify", "--head", "5:abc")

        self.tamper("DELETE FROM audit_log WHERE seq = 5")
        self.run_verb("audit", "verify")
        self.assertIn("deleted from 5", self.refusal("audit", "verify", "--head", head,
                                                     status=FAILED))

    def test_a_broken_trail_is_told_with_its_place(self):
        for _ in range(4):
            self.run_verb("type", "pause", "NOOP")
        self.tamper("UPDATE audit_log SET actor = 'cli:eve' WHERE seq = 3")
        self.assertIn("entry 3 was edited", self.refusal("audit", "verify", status=FAILED))
        broken = self.json("audit", "verify", status=FAILED)
        self.assertEqual(broken["broken"], {"seq": 3, "kind": "edited"})
        self.assertFalse(broken["sound"])


def read_terminal(descriptor):
    """Everything that a program writes to a terminal until it closes it."""
    data = b""
    while select.select([descriptor], [], [], LIMIT_SECONDS)[0]:
        try:
            part = os.read(descriptor, 65536)
        except OSError:
            break
        if not part:
            break
        data += part
    return data


class Looking(Case):
    def test_stats_have_the_fields_of_the_interface(self):
        self.create()
        self.create("--scheduled-for", "+1h")
        stats = self.json("stats")
        self.assertEqual(list(stats), ["generated_at", "by_status", "types"])
        self.assertEqual(stats["by_status"], {"PENDING": 2, "PROCESSING": 0, "COMPLETED": 0,
                                              "FAILED": 0, "CANCELLED": 0})
        noop = next(one for one in stats["types"] if one["type"] == "NOOP")
        self.assertEqual(list(noop), TYPE_STATS_FIELDS)
        self.assertEqual((noop["pending"], noop["ready"]), (2, 1))
        self.assertEqual(list(noop["run_seconds"]), ["p50", "p95", "p99"])
        self.assertIn("PENDING 2", self.run_verb("stats")[0])

    def test_top_prints_one_frame_where_there_is_no_terminal(self):
        self.create()
        out, _ = self.run_verb("top")
        self.assertIn("PENDING 1", out)
        self.assertNotIn("\x1b", out)
        self.assertEqual(self.json("top")["by_status"]["PENDING"], 1)

    def test_top_lives_on_a_terminal_until_q_and_leaves_it_as_it_was(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        process = subprocess.Popen([OPTIONS.binary, "top"], stdin=theirs, stdout=theirs,
                                   stderr=theirs, cwd=self.folder, env=self.environment)
        os.close(theirs)
        self.addCleanup(process.kill)
        shown = b""
        while b"q leaves" not in shown:
            self.assertTrue(select.select([ours], [], [], LIMIT_SECONDS)[0], shown)
            shown += os.read(ours, 65536)
        os.write(ours, b"q")
        shown += read_terminal(ours)
        self.assertEqual(process.wait(LIMIT_SECONDS), DONE)
        self.assertTrue(shown.startswith(b"\x1b[?1049h"))
        self.assertIn(b"PENDING 0", shown)
        self.assertTrue(shown.rstrip().endswith(b"\x1b[?25h\x1b[?1049l"), shown[-40:])

    def test_prune_removes_what_ended(self):
        self.create()
        self.drain()
        self.assertEqual(self.json("prune"), {"pruned": 0, "dropped": 0})
        waiting = self.create()
        self.assertEqual(self.json("prune", "--completed-older", "0s"),
                         {"pruned": 1, "dropped": 0})
        self.assertEqual([task["task_id"] for task in self.json("task", "list")], [waiting])
        self.assertIn("0 ended tasks", self.run_verb("prune")[0])

    def test_prune_exports_first_and_deletes_nothing_where_it_can_not(self):
        task_id = self.create()
        self.drain()
        folder = os.path.join(self.folder, "history")
        words = ("prune", "--completed-older", "0s", "--export", folder)
        self.assertIn("history", self.run_verb(*words, status=FAILED)[1])
        self.assertEqual(self.json("task", "show", task_id)["status"], "COMPLETED")
        os.mkdir(folder)
        self.assertEqual(self.json(*words)["pruned"], 1)
        name, = os.listdir(folder)
        self.assertRegex(name, rf"^tasks-{task_id}-{task_id}-[0-9a-f]{{8}}\.ndjson\.zst$")

    def test_doctor_says_that_the_export_can_not_be_written(self):
        folder = os.path.join(self.folder, "history")
        out, _ = self.run_verb("doctor", status=FAILED, ESTEIRA_RETENTION_EXPORT=folder)
        self.assertIn("is no folder", out)
        os.mkdir(folder)
        self.assertIn(folder, self.run_verb("doctor", ESTEIRA_RETENTION_EXPORT=folder)[0])

    def test_bench_measures_on_a_database_of_its_own(self):
        task_id = self.create()
        before = sorted(os.listdir(self.folder))
        report = self.json("bench", "--tasks", 300, "--concurrency", 2, "--batch", 100)
        self.assertEqual(list(report), BENCH_FIELDS)
        self.assertEqual((report["engine"], report["tasks"]), (OPTIONS.engine, 300))
        for name in ("enqueue_per_second", "enqueue_one_by_one_per_second", "drain_per_second",
                     "cpu_us_per_task"):
            self.assertGreater(report[name], 0, name)
        latency = report["start_latency_ms"]
        self.assertLessEqual(latency["p50"], latency["p95"])
        self.assertLessEqual(latency["p95"], latency["p99"])
        self.assertEqual((report["settings"]["concurrency"], report["settings"]["batch"]), (2, 100))
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        self.assertEqual([task["task_id"] for task in self.json("task", "list")], [task_id])
        self.assertEqual(self.status_of(task_id), "PENDING")


class Serving(Case):
    def get(self, address, path, method="GET", **headers):
        connection = http.client.HTTPConnection(address, timeout=LIMIT_SECONDS)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def test_serve_answers_runs_tasks_and_stops_cleanly(self):
        process, banner = self.start("serve", "--listen", "127.0.0.1:0", "--poll-milliseconds", 10)
        address = banner["listen"]
        self.assertTrue(banner["worker"])
        self.assertEqual(self.get(address, "/healthz"), (200, '{"status":"ok"}'))
        self.assertEqual(self.get(address, "/readyz")[0], 200)
        self.assertEqual(self.get(address, "/healthz", method="HEAD"), (200, ""))
        self.assertEqual(self.get(address, "/nowhere")[0], 404)
        self.assertEqual(self.get(address, "/healthz", method="POST")[0], 405)
        self.assertEqual(self.get(address, "/healthz", Host="rebound.example")[0], 421)
        problem = json.loads(self.get(address, "/nowhere")[1])
        self.assertEqual(problem["status"], 404)
        task_id = self.create()
        while self.status_of(task_id) != "COMPLETED":
            self.assertIsNone(process.poll())
        self.assertIn("workers", [c["name"] for c in self.json("doctor")["checks"]])
        self.stop(process)

    def test_ctrl_c_stops_it_too(self):
        process, _ = self.start("serve", "--listen", "127.0.0.1:0")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(LIMIT_SECONDS), DONE)

    def test_without_a_worker_it_runs_nothing(self):
        process, banner = self.start("serve", "--listen", "127.0.0.1:0", "--no-worker")
        self.assertIsNone(banner["worker"])
        task_id = self.create()
        self.assertEqual(self.get(banner["listen"], "/readyz")[0], 200)
        self.stop(process)
        self.assertEqual(self.status_of(task_id), "PENDING")

    def test_a_worker_has_the_health_endpoint_where_it_is_asked_to(self):
        process, banner = self.start("worker", "--listen", "127.0.0.1:0", "--types", "NOOP")
        self.assertEqual(self.get(banner["listen"], "/healthz")[0], 200)
        self.stop(process)
        process, banner = self.start("worker")
        self.assertIsNone(banner["listen"])
        self.stop(process)

    def test_an_address_that_others_reach_is_refused(self):
        for address in ("0.0.0.0:0", "[::]:0"):
            self.assertIn("loopback", self.refusal("serve", "--listen", address))
        self.refusal("serve", "--listen", "example.com:80")

    def test_the_lines_of_the_log_hold_what_there_is_and_nothing_empty(self):
        task_id = self.create("--payload", '{"url": "http://127.0.0.1:1/"}', "--max-retries", 0,
                              task_type="HTTP_REQUEST")
        lines = [json.loads(line) for line in self.run_verb("worker", "--drain")[1].splitlines()]
        failed = next(line for line in lines if line["message"] == "failed")
        self.assertEqual((failed["task_id"], failed["attempt"]), (str(task_id), "1"))
        for line in lines:
            self.assertNotIn("", line.values())

    def test_a_port_that_is_taken_is_told(self):
        process, banner = self.start("serve", "--listen", "127.0.0.1:0", "--no-worker")
        self.assertIn(banner["listen"],
                      self.refusal("serve", "--listen", banner["listen"], status=FAILED))
        self.stop(process)

    def test_a_draining_worker_runs_only_its_types(self):
        noop = self.create()
        other = self.create("--payload", '{"url": "http://127.0.0.1:1/"}', task_type="HTTP_REQUEST")
        self.run_verb("worker", "--drain", "--types", "NOOP")
        self.assertEqual((self.status_of(noop), self.status_of(other)), ("COMPLETED", "PENDING"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], required=True)
    parser.add_argument("--binary", required=True)
    _, rest = parser.parse_known_args(namespace=OPTIONS)
    OPTIONS.binary = os.path.abspath(OPTIONS.binary)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
