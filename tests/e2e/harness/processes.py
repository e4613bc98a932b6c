"""Child processes that never outlive the test, and waiting for conditions."""

import os
import signal
import subprocess
import time

# Long enough for a busy machine; a test that needs it all has failed.
PATIENCE_SECONDS = 60


def wait_until(condition, what, seconds=PATIENCE_SECONDS, pause=0.02):
    """Returns what `condition` answers once that is true; fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() >= end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(pause)


def is_alive(pid):
    """False for one that has ended, also where nobody has taken its status yet."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


class Process:
    """A program in the background; its output goes to a file. Started by the main thread only:
    the kernel ends it together with the thread that started it."""

    def __init__(self, command, log, user=None, death_signal="KILL", directory=None,
                 environment=None):
        guard = ["setpriv", "--pdeathsig", death_signal]
        if user:
            guard += [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        self.log = log
        with open(log, "ab") as output:
            self._child = subprocess.Popen(guard + command, stdin=subprocess.DEVNULL,
                                           stdout=output, stderr=output, cwd=directory,
                                           env=environment)
        self.pid = self._child.pid

    def signal(self, number):
        if self.running():
            os.kill(self.pid, number)

    def freeze(self):
        """Returns when no thread runs any more: the signal alone takes its time to reach them."""
        self.signal(signal.SIGSTOP)
        wait_until(lambda: set(self._thread_states()) == {"T"}, f"process {self.pid} stands still")

    def thaw(self):
        self.signal(signal.SIGCONT)

    def _thread_states(self):
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{thread}/stat", encoding="ascii",
                      errors="replace") as file:
                yield file.read().rpartition(")")[2].split()[0]

    def running(self):
        return self._child.poll() is None

    def wait(self, seconds=PATIENCE_SECONDS):
        """The exit status, negative for the signal that ended it."""
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"process {self.pid} still runs after {seconds} s:\n"
                                 f"{self.last_output()}") from None

    def kill(self):
        self.signal(signal.SIGKILL)
        return self._child.wait()

    def terminate(self, seconds=PATIENCE_SECONDS):
        """SIGTERM, and the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def last_output(self, characters=3000):
        return self.output()[-characters:]
