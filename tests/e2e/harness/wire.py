"""Raw HTTP: what is sent is what was written, byte for byte."""

import socket


def exchange(port, data, then=b"", seconds=20):
    """Sends bytes and answers all that comes until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        try:
            connection.sendall(data)
            if then:
                connection.sendall(then)
        except (ConnectionResetError, BrokenPipeError):
            pass  # closed before it had read all; it may have answered
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except ConnectionResetError:
            pass  # it had said what it had to say
        return received


def statuses(received):
    """The status codes of all answers in a stream, which are separated by their lengths."""
    found = []
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        found.append(int(lines[0].split()[1]))
        length = 0
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        received = rest[length:]
    return found
