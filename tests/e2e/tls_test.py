"""TLS: what is spoken, what is shown, and that all the rest is as it is without."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl

from harness.api import ApiCase
from harness.case import EndToEnd, main
from harness.certificates import Certificates
from harness.processes import wait_until
from harness.wire import statuses

HSTS = "max-age=31536000"


class Secure(ApiCase):
    SCHEME = "https"

    def serve_options(self):
        self.certificates = Certificates(self.directory)
        self.files = self.certificates.issue("first")
        self.client = self.certificates.client()
        return (*self.SERVE_OPTIONS, "--tls-certificate", self.files[0], "--tls-key", self.files[1])

    def connect(self):
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=self.client)

    def connect_raw(self, context=None):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.addCleanup(plain.close)
        # What is sent has arrived when the call returns, without a wait for an acknowledgement.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        secure = (context or self.client).wrap_socket(plain, server_hostname="127.0.0.1")
        self.addCleanup(secure.close)
        return secure

    def certificate_shown(self):
        return self.connect_raw().getpeercert(binary_form=True)

    def log_says(self, text):
        wait_until(lambda: text in self.serve.output(), f"the log says: {text}")


class Spoken(Secure):
    def test_a_task_is_created_and_run(self):
        """The client trusts the root alone, so the chain was sent whole."""
        task_id = self.create(payload={"text": "x" * 500_000})["task_id"]
        wait_until(lambda: self.show(task_id)["status"] == "COMPLETED", "the task is done")
        self.assertEqual(len(self.show(task_id)["result"]["text"]), 500_000)
        self.refused(413, "POST", "/api/v1/tasks",
                     {"type": "NOOP", "payload": "x" * (1024 * 1024 - 1)})

    def client_of(self, version, ciphers="DEFAULT:@SECLEVEL=0"):
        context = self.certificates.client()
        context.minimum_version = context.maximum_version = version
        context.set_ciphers(ciphers)
        return context

    def test_old_versions_are_refused(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            self.assertEqual(self.connect_raw(self.client_of(version)).version(),
                             version.name.replace("_", "."))
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with self.assertRaises(ssl.SSLError) as refused:
                self.connect_raw(self.client_of(version))
            self.assertEqual(refused.exception.reason, "TLSV1_ALERT_PROTOCOL_VERSION")

    def test_ciphers_without_authentication_of_their_own_are_refused(self):
        old = self.client_of(ssl.TLSVersion.TLSv1_2, "ECDHE+AES:!AESGCM:!AESCCM:@SECLEVEL=0")
        with self.assertRaises(ssl.SSLError) as refused:
            self.connect_raw(old)
        self.assertEqual(refused.exception.reason, "SSLV3_ALERT_HANDSHAKE_FAILURE")

    def test_every_answer_wants_tls_from_now_on(self):
        for status, path in ((200, "/healthz"), (404, "/nowhere")):
            code, headers, _ = self.call("GET", path)
            self.assertEqual((code, headers["Strict-Transport-Security"]), (status, HSTS))
        raw = self.connect_raw()
        raw.sendall(b"rubbish\r\n\r\n")
        answer = http.client.HTTPResponse(raw)
        answer.begin()
        self.assertEqual((answer.status, answer.headers["Strict-Transport-Security"]), (400, HSTS))

    def test_a_connection_carries_many_requests(self):
        raw = self.connect_raw()
        one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        raw.sendall(one * 3 + one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received = b""
        while more := raw.recv(65536):
            received += more
        self.assertEqual(statuses(received), [200] * 4)

    def test_who_does_not_speak_it_is_sent_away(self):
        for text, answered in ((b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
                               (b"DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n", []),
                               (b"\x16\x03\x01\x00\x05hello", []), (b"\x00" * 5000, [])):
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as plain:
                plain.sendall(text)
                received = b""
                try:
                    while more := plain.recv(65536):
                        received += more
                except ConnectionResetError:
                    pass
            answers = received if received.startswith(b"HTTP/") else b""  # else an alert of TLS
            self.assertEqual(statuses(answers), answered, (text, received))
            self.assertNotIn(b"Strict-Transport-Security", received)
        self.assertEqual(self.call("GET", "/healthz")[0], 200)

    def test_it_stops_while_connections_are_open(self):
        idle = self.connect_raw()
        silent = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.addCleanup(silent.close)
        self.assertEqual(self.serve.terminate(), 0, self.serve.last_output())
        self.assertEqual(silent.recv(1), b"")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            idle.sendall(b"x")
            while True:
                if not idle.recv(1):
                    raise ConnectionError


class Reload(Secure):
    def replace(self, certificate, key):
        for old, new in zip(self.files, (certificate, key)):
            shutil.copyfile(new, old)

    def test_new_connections_are_shown_the_new_certificate(self):
        before = self.certificate_shown()
        open_before = self.connect()
        open_before.request("GET", "/healthz")
        open_before.getresponse().read()
        self.replace(*self.certificates.issue("second"))
        self.serve.signal(signal.SIGHUP)
        self.log_says("new connections are shown")
        self.assertNotEqual(self.certificate_shown(), before)
        same = open_before.sock
        open_before.request("GET", "/readyz")
        self.assertEqual(open_before.getresponse().status, 200)
        self.assertIs(open_before.sock, same)
        open_before.close()

    def test_bad_files_change_nothing(self):
        before = self.certificate_shown()
        with open(self.files[0], "w", encoding="ascii") as file:
            file.write("rubbish")
        self.serve.signal(signal.SIGHUP)
        self.log_says("the certificate stays the one that was read before")
        self.log_says("holds no certificate")
        self.assertEqual(self.certificate_shown(), before)
        self.assertTrue(self.serve.running())


class Leaving(Secure):
    SERVE_OPTIONS = ("--no-worker", "--lease-seconds", 2)

    def register(self):
        return self.call("POST", "/api/v1/workers", {
            "name": "tester", "host": "here", "pid": 1, "version": "1", "types": ["NOOP"],
            "slots": 4})[2]["worker_id"]

    def claim(self, worker, wait, sender=None):
        """The tasks, or with `sender` nothing: the answer is not waited for."""
        body = {"worker_id": worker, "types": ["NOOP"], "limit": 1, "wait_seconds": wait}
        if sender is None:
            return self.call("POST", "/api/v1/work/claim", body)[2]["tasks"]
        text = json.dumps(body).encode()
        sender.sendall(b"POST /api/v1/work/claim HTTP/1.1\r\nHost: localhost\r\n"
                       b"Content-Length: %d\r\n\r\n" % len(text) + text)
        self.assertEqual(self.call("GET", "/healthz")[0], 200)  # it has been read by now
        return None

    @staticmethod
    def close(client):
        client.close()

    @staticmethod
    def say_goodbye_and_stay(client):
        """TLS's own end alone: the connection beneath it stays open."""
        client.settimeout(0)
        try:
            client.unwrap()
        except ssl.SSLWantReadError:
            pass

    @staticmethod
    def say_goodbye_and_close(client):
        Leaving.say_goodbye_and_stay(client)
        client.close()

    def test_a_claim_goes_back_whose_caller_has_left(self):
        self.product.run("type", "set", "NOOP")
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            for leave in (self.close, self.say_goodbye_and_stay, self.say_goodbye_and_close):
                context = self.certificates.client()
                context.minimum_version = context.maximum_version = version
                gone = self.connect_raw(context)
                self.claim(self.register(), 30, sender=gone)
                leave(gone)
                task_id = self.create()["task_id"]
                other = self.register()
                claimed, = wait_until(lambda: self.claim(other, 1), "somebody else gets it")
                self.assertEqual((claimed["task"]["task_id"], claimed["task"]["crashes"]),
                                 (task_id, 0), (version, leave))
                self.assertEqual(self.call("DELETE", f"/api/v1/workers/{other}")[0], 204)
                self.assertEqual(self.call("POST", f"/api/v1/tasks/{task_id}/cancel")[0], 200)


class Files(EndToEnd):
    def setUp(self):
        super().setUp()
        self.certificates = Certificates(self.directory)
        self.certificate, self.key = self.certificates.issue("first")

    def refused(self, *words, certificate=None, key=None, verb="serve"):
        """The start ends with status 2 and words that help."""
        program = self.product.start(verb, "--listen", "127.0.0.1:0",
                                     "--tls-certificate", certificate or self.certificate,
                                     "--tls-key", key or self.key)
        self.assertEqual(program.wait(), 2, program.last_output())
        for word in words:
            self.assertIn(word, program.output())

    def test_a_start_with_bad_files_says_what_is_wrong(self):
        _, other = self.certificates.issue("other")
        self.refused(other, "does not belong to", key=other)
        self.refused("/nowhere.pem", "can't be read", certificate="/nowhere.pem")
        self.refused(self.directory, "it is no file", key=self.directory)
        self.refused(self.key, "holds no certificate", certificate=self.key)
        self.refused(self.certificate, "holds no key", key=self.certificate)
        _, locked = self.certificates.issue("locked", passphrase="secret")
        self.refused(locked, "has a passphrase", key=locked)
        os.chmod(self.key, 0o644)
        self.refused(self.key, "chmod 600")
        self.refused(self.key, "chmod 600", verb="worker")

    def test_one_of_the_two_is_not_enough(self):
        program = self.product.start("serve", "--tls-certificate", self.certificate)
        self.assertEqual(program.wait(), 2)
        self.assertIn("server.tls_key is not", program.output())
        self.product.configure('[server]\ntls_key = "key.pem"\n')
        program = self.product.start("serve")
        self.assertEqual(program.wait(), 2)
        self.assertIn("esteira.toml:2: server.tls_key is set", program.output())

    def configure(self, certificate, key):
        self.product.configure(f'[server]\ntls_certificate = "{certificate}"\ntls_key = "{key}"\n')

    def test_doctor_looks_at_the_dates(self):
        found = {}
        for days in (60, 5):
            self.configure(*self.certificates.issue("checked", days))
            found[days] = next(check for check in self.product.json("doctor")["checks"]
                               if check["name"] == "certificate")
        self.assertEqual((found[60]["status"], found[5]["status"]), ("ok", "warning"))
        self.assertIn("4 more days", found[5]["detail"])

    def test_an_expired_certificate_is_told(self):
        self.certificates.expire("first")
        self.configure(self.certificate, self.key)
        self.assertIn("expired at", self.product.run("doctor", status=1))
        serve = self.product.start("serve", "--listen", "127.0.0.1:0")
        wait_until(lambda: " runs." in serve.output(), "serve has started")
        self.assertIn("expired at", serve.output())


class Worker(EndToEnd):
    def test_the_health_of_a_worker_alone_is_told_over_tls(self):
        certificates = Certificates(self.directory)
        certificate, key = certificates.issue("first")
        worker = self.product.start("worker", "--listen", "127.0.0.1:0",
                                    "--tls-certificate", certificate, "--tls-key", key)
        port = int(wait_until(lambda: re.search(r"https://127\.0\.0\.1:(\d+)/", worker.output()),
                              "the worker tells its address")[1])

        def get(path):
            connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30,
                                                     context=certificates.client())
            connection.request("GET", path)
            answer = connection.getresponse()
            self.assertEqual(answer.headers["Strict-Transport-Security"], HSTS)
            connection.close()
            return answer.status

        self.assertEqual((get("/healthz"), get("/api/v1/tasks")), (200, 404))
        wait_until(lambda: get("/readyz") == 200, "the worker is ready")
        certificates.issue("first")
        worker.signal(signal.SIGHUP)
        wait_until(lambda: "new connections are shown" in worker.output(), "the log says so")
        self.assertEqual(get("/healthz"), 200)
        self.assertEqual(worker.terminate(), 0, worker.last_output())


class Plain(ApiCase):
    def test_a_reload_without_tls_changes_nothing(self):
        self.serve.signal(signal.SIGHUP)
        wait_until(lambda: "nothing to reload" in self.serve.output(), "the log says so")
        self.assertEqual(self.call("GET", "/readyz")[0], 200)
        self.assertEqual(self.call("GET", "/readyz")[1]["Strict-Transport-Security"], None)
        self.assertEqual(self.serve.terminate(), 0, self.serve.last_output())


if __name__ == "__main__":
    main()
