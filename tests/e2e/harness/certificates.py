"""Certificates of an authority of the test's own, made with the program `openssl`."""

import os
import ssl
import subprocess


class Certificates:
    """A root, which clients trust, and one authority below it that issues."""

    def __init__(self, directory):
        self._directory = directory
        self._make("root", [])
        self._make("between", self._signed_by("root"))

    def issue(self, name, days=60, passphrase=None):
        """Files of a certificate with its chain, and of its key: NAME.pem and NAME.key."""
        self._make(name, [*self._signed_by("between"), "-days", str(days),
                          "-addext", "subjectAltName=IP:127.0.0.1"], passphrase)
        with open(self.path(name, "pem"), "ab") as chain, \
                open(self.path("between", "pem"), "rb") as between:
            chain.write(between.read())
        return self.path(name, "pem"), self.path(name, "key")

    def expire(self, name):
        """Makes it one that ended yesterday, signed by itself alone."""
        self._openssl("x509", "-in", self.path(name, "pem"), "-signkey", self.path(name, "key"),
                      "-days", "-1", "-out", self.path(name, "pem"))

    def client(self):
        """What a client needs to believe them."""
        return ssl.create_default_context(cafile=self.path("root", "pem"))

    def path(self, name, ending):
        return os.path.join(self._directory, f"{name}.{ending}")

    def _signed_by(self, name):
        return ["-CA", self.path(name, "pem"), "-CAkey", self.path(name, "key")]

    def _make(self, name, options, passphrase=None):
        secrecy = ["-passout", f"pass:{passphrase}"] if passphrase else ["-nodes"]
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-subj", f"/CN={name}", *secrecy, *options,
                      "-out", self.path(name, "pem"), "-keyout", self.path(name, "key"))
        for ending in ("pem", "key"):
            os.chmod(self.path(name, ending), 0o600)

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(["openssl", *arguments], text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"openssl {arguments}: {done.stderr}")
