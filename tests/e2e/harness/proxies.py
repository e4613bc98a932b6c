"""Reverse proxies before the server, as people put them there: nginx and HAProxy, on loopback. Both
keep their connections to the server, forward what they forward unbuffered, and are as lenient as
they can be told to be. Both refuse each …/pause: what arrives there was smuggled past them."""

import os
import shutil
import socket

from harness.postgres import USER, free_port, own_directory
from harness.processes import Process, wait_until

# How long both wait for the rest of what a client has begun to send, and for a next request.
PATIENCE = "1s"

_NGINX = """daemon off;
master_process off;
pid {directory}/pid;
error_log {directory}/log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  ignore_invalid_headers off;
  underscores_in_headers on;
  merge_slashes off;
  client_header_timeout {patience};
  client_body_timeout {patience};
  keepalive_timeout {patience};
  upstream esteira {{ server 127.0.0.1:{upstream}; keepalive 4; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://esteira;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_request_buffering off;
      proxy_buffering off;
    }}
    location ~ /pause {{ return 403; }}
  }}
}}
"""

_HAPROXY = """global
  maxconn 256
defaults
  mode http
  option http-keep-alive
  option accept-invalid-http-request
  http-reuse always
  timeout connect 10s
  timeout server 60s
  timeout client {patience}
  timeout http-request {patience}
  timeout http-keep-alive {patience}
frontend all
  bind 127.0.0.1:{port}
  http-request deny if {{ path_sub /pause }}
  default_backend esteira
backend esteira
  server esteira 127.0.0.1:{upstream}
"""


class Proxy:
    """`name`: nginx or haproxy."""

    def __init__(self, name, upstream):
        self.name = name
        self.port = free_port()
        self._directory = own_directory(f"esteira-e2e-{name}-")
        settings = os.path.join(self._directory, "settings")
        text = {"nginx": _NGINX, "haproxy": _HAPROXY}[name]
        with open(settings, "w", encoding="ascii") as file:
            file.write(text.format(directory=self._directory, patience=PATIENCE, port=self.port,
                                   upstream=upstream))
        program = shutil.which(name) or f"/usr/sbin/{name}"
        arguments = {"nginx": ["-e", os.path.join(self._directory, "log"), "-c", settings],
                     "haproxy": ["-db", "-f", settings]}[name]
        self._process = Process([program, *arguments], os.path.join(self._directory, "output"),
                                user=USER, directory=self._directory)
        wait_until(self._answers, f"{name} answers")

    def _answers(self):
        if not self._process.running():
            raise AssertionError(f"{self.name} ended at its start:\n{self._process.last_output()}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def running(self):
        return self._process.running()

    def close(self):
        self._process.kill()
        shutil.rmtree(self._directory, ignore_errors=True)
