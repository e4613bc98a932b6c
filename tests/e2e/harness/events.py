"""A reader of server-sent events."""

import dataclasses
import json
import socket
import threading

from harness.processes import wait_until

PATH = "/api/v1/events"


def request(headers=None, path=PATH, method="GET"):
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclasses.dataclass(frozen=True)
class Event:
    id: str
    name: str
    data: dict


class Events:
    """Listens from its making on, in a thread of its own; `after`: the id to go on from."""

    def __init__(self, port, after=None, headers=None, path=PATH):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        headers = dict(headers or {})
        if after is not None:
            headers["Last-Event-ID"] = after
        self._socket.sendall(request(headers, path))
        self._file = self._socket.makefile("r", encoding="utf-8", newline="\n")
        self.status = int(self._file.readline().split()[1])
        self.headers = {}
        for line in iter(self._file.readline, "\r\n"):
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        self._lock = threading.Lock()
        self._events = []
        self._last_id = after
        self.ended = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        fields = {}
        try:
            for line in self._file:
                if line != "\n":
                    name, _, value = line.rstrip("\n").partition(":")
                    fields[name] = value.removeprefix(" ")
                    continue
                with self._lock:
                    self._last_id = fields.get("id", self._last_id)
                    if "data" in fields:
                        self._events.append(Event(self._last_id, fields["event"],
                                                  json.loads(fields["data"])))
                fields = {}
        except (OSError, ValueError):
            pass  # cut off, or closed here
        self.ended = True

    @property
    def last_id(self):
        with self._lock:
            return self._last_id

    def all(self, name=None):
        with self._lock:
            return [event for event in self._events if name in (None, event.name)]

    def items(self):
        """Of all events so far, in order."""
        return [item for event in self.all("tasks") for item in event.data["items"]]

    def states(self, task_id):
        """The statuses that were told of a task, each once."""
        told = [item.get("status", "deleted") for item in self.items()
                if item["task_id"] == task_id]
        return [status for i, status in enumerate(told) if i == 0 or told[i - 1] != status]

    def last_states(self):
        """What was told last of each task."""
        return {item["task_id"]: item.get("status", "deleted") for item in self.items()}

    def wait_for(self, what, condition):
        return wait_until(lambda: condition(self), what)

    def wait_for_state(self, task_id, status):
        self.wait_for(f"task {task_id} is told to be {status}",
                      lambda me: me.states(task_id)[-1:] == [status])

    def cut(self):
        """As a network does: what is under way is lost."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it was before, or by the server
        self.wait_for("the reader has ended", lambda me: me.ended)
        self._socket.close()
