"""What stands between a client and the server, and loses answers."""

import socket
import threading


class Relay:
    """Listens on loopback and hands each connection on. `on_request(number, data)` is asked with
    each request, counted from 1: "pass" hands its answer back, "lose" sends it on and drops the
    answer, "drop" sends nothing on."""

    def __init__(self, port, on_request):
        self._port = port
        self._on_request = on_request
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.requests = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._converse(connection)

    def _converse(self, connection):
        data = _read_message(connection)
        if not data:
            return
        self.requests.append(data)
        verdict = self._on_request(len(self.requests), data)
        if verdict == "drop":
            return
        with socket.create_connection(("127.0.0.1", self._port), timeout=60) as server:
            server.sendall(data)
            answer = _read_message(server)
        if verdict == "pass":
            connection.sendall(answer)


def _read_message(connection):
    """One request or answer, whole, as its length says."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        piece = connection.recv(65536)
        if not piece:
            break
        body += piece
    return head + b"\r\n\r\n" + body
