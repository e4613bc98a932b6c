"""Slow clients (slowhttptest) beside a good one, and what the server needs meanwhile."""

import collections
import http.client
import json
import os
import re
import shutil
import threading
import time

from harness.processes import Process, wait_until

CONNECTIONS = 2_000
# slowhttptest alone is too slow: it looks at each of its connections before it makes the next.
PROGRAMS = 8
MOST = CONNECTIONS // 2 + 1
# A second: so that they all stand at once, and none is refused for what others ask of the database.
RATES = {"headers": 1_000, "body": 1_000, "read": 250}
# A slow reader takes a few bytes a second of its answer.
_MODES = {
    "headers": ["-H", "-i", "5", "-x", "24", "-t", "GET"],
    "body": ["-B", "-i", "5", "-x", "24", "-s", "8192", "-t", "POST", "-f", "application/json"],
    "read": ["-X", "-k", "1", "-w", "256", "-y", "512", "-n", "5", "-z", "16", "-t", "GET"],
}
# Longer than any limit of the server: whoever is left then was not cut.
_SECONDS_MAX = 180


class SlowClients:
    """`mode`: headers, body or read. `through`: what their programs are started with."""

    def __init__(self, mode, port, path, directory, through=()):
        program = shutil.which("slowhttptest")
        if program is None:
            raise AssertionError("this needs slowhttptest: install it")
        self._processes = [
            Process([*through, program, *_MODES[mode], "-c", str(CONNECTIONS // PROGRAMS),
                     "-r", str(RATES[mode] // PROGRAMS), "-l", str(_SECONDS_MAX), "-p", "60",
                     "-v", "1", "-u", f"http://127.0.0.1:{port}{path}"],
                    os.path.join(directory, f"slow-{mode}-{number}.log"))
            for number in range(PROGRAMS)]

    def running(self):
        return any(process.running() for process in self._processes)

    def stop(self):
        for process in self._processes:
            process.kill()

    def counts(self):
        """Their last reports before the end: connected, closed, error, …"""
        sum_of = collections.Counter()
        for process in self._processes:
            reports = re.findall(r"^(initializing|pending|connected|error|closed):\s+(\d+)",
                                 _without_colours(process.output()), re.MULTILINE)
            sum_of.update({name: int(count) for name, count in dict(reports).items()})
        return sum_of

    def all_cut(self):
        """Whether each ended because the server had cut the last of its connections."""
        return all("Exit status: No open connections left" in _without_colours(process.output())
                   for process in self._processes)


def _without_colours(text):
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)


class GoodClient(threading.Thread):
    """Asks on, each time over a connection of its own, and keeps how long each answer took."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.wrong = []
        self.sent_away = 0
        self.seconds = {"GET /healthz": [], "POST /tasks": []}
        self._port = port
        self._enough = threading.Event()

    def run(self):
        number = 0
        while not self._enough.is_set():
            number += 1
            status, answer = self._ask("GET /healthz", "GET", "/healthz", None)
            if (status, answer) != (200, {"status": "ok"}):
                self.wrong.append((status, answer))
            task = {"type": "NOOP", "payload": {"number": number},
                    "scheduled_for": "2100-01-01T00:00:00Z"}
            status, answer = self._ask("POST /tasks", "POST", "/api/v1/tasks", task)
            if status == 503:
                self.sent_away += 1
            elif status != 201 or answer["payload"] != task["payload"]:
                self.wrong.append((status, answer))

    def _ask(self, name, method, path, body):
        begun = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request(method, path, body and json.dumps(body),
                               {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException) as error:
            return None, repr(error)
        finally:
            connection.close()
            self.seconds[name].append(time.monotonic() - begun)

    def answers(self):
        return sum(len(each) for each in self.seconds.values())

    def stop(self):
        self._enough.set()
        self.join()


class Needs:
    """What a process has in use; `look` keeps the largest."""

    def __init__(self, pid):
        self._pid = pid
        self.files = self.threads = self.memory_kib = 0

    def look(self):
        self.files = max(self.files, open_files(self._pid))
        with open(f"/proc/{self._pid}/status", encoding="ascii") as file:
            status = file.read()
        self.threads = max(self.threads, int(re.search(r"Threads:\s+(\d+)", status)[1]))
        self.memory_kib = max(self.memory_kib, int(re.search(r"VmRSS:\s+(\d+)", status)[1]))
        return self


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def good_answers_beside(port, pid, slow, needs, standing=MOST, enough=None):
    """A good client's answers while the slow ones last, or until `enough` came while so many of
    those stood; and how many did."""
    good = GoodClient(port)
    good.start()
    while_they_stood = 0
    try:
        while slow.running() and (enough is None or while_they_stood < enough):
            now = good.answers()
            stood = open_files(pid) >= standing
            wait_until(lambda: good.answers() > now or not slow.running(), "the next answer",
                       pause=0.005)
            needs.look()
            # At both ends of the wait: they stood all the while.
            if stood and open_files(pid) >= standing:
                while_they_stood += good.answers() - now
    finally:
        good.stop()
    return good, while_they_stood
