"""Holds what the server does against what /openapi.json says of it."""

import dataclasses
import json
import re
import urllib.parse

from harness.schema import Validator

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
# Whatever the route: the message itself was refused.
_OF_THE_MESSAGE = {400, 413, 414, 415, 417, 431, 501, 503, 505}


@dataclasses.dataclass
class Exchange:
    method: str
    target: str
    headers: dict
    body: bytes | None
    status: int
    answer_headers: dict
    answer: bytes

    def __str__(self):
        return f"{self.method} {self.target[:200]} -> {self.status}"


@dataclasses.dataclass
class Operation:
    method: str
    path: str
    said: dict

    def __str__(self):
        return self.said["operationId"]

    def parameters(self, place):
        return [one for one in self.said.get("parameters", []) if one["in"] == place]

    def takes(self, path):
        parts = re.split(r"(\{[^}]*\})", self.path)
        form = "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts)
        return re.fullmatch(form, path) is not None

    def body(self):
        """The schema and the example of the body, or None."""
        if "requestBody" not in self.said:
            return None
        return self.said["requestBody"]["content"]["application/json"]


def _typed(text, schema):
    """A parameter's text as its schema's kind of value."""
    if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    return text


def _header(headers, name):
    return next((value for key, value in headers.items() if key.lower() == name.lower()), None)


class Description:
    def __init__(self, document):
        self.document = document
        self.validator = Validator(document)
        self.operations = [Operation(method.upper(), path, said)
                           for path, methods in document["paths"].items()
                           for method, said in methods.items() if method in METHODS]
        # (operationId, status, the problem's type or None) of all that was checked.
        self.seen = set()

    def operation(self, method, path):
        """A path that is written out goes before one with a {name}."""
        wanted = "GET" if method == "HEAD" else method
        found = [one for one in self.operations if one.method == wanted and one.takes(path)]
        return min(found, key=lambda one: one.path.count("{"), default=None)

    def faults(self, exchange):
        """How an exchange is not what the document says, in words."""
        path, _, query = exchange.target.partition("?")
        operation = self.operation(exchange.method, path)
        if operation is None:
            if exchange.status in {404, 405, 403, 421} | _OF_THE_MESSAGE:
                return []
            return [f"{exchange}: no operation is described here"]
        found = list(self._answer_faults(operation, exchange))
        if exchange.status < 300:
            found += self._query_faults(operation, query)
            found += self._header_faults(operation, exchange.headers)
            found += self._body_faults(operation, exchange.body)
        return [f"{exchange}: {fault}" for fault in found]

    # --- what is asked ------------------------------------------------------------------------

    def _parameter_faults(self, parameter, text):
        schema = self.validator.resolve(parameter["schema"])
        return self.validator.faults(_typed(text, schema), schema, parameter["name"])

    def _query_faults(self, operation, query):
        known = {one["name"]: one for one in operation.parameters("query")}
        for name, text in urllib.parse.parse_qsl(query):
            if name not in known:
                yield f"the query parameter {name} is not described"
            else:
                yield from self._parameter_faults(known[name], text)

    def _header_faults(self, operation, headers):
        for parameter in operation.parameters("header"):
            text = _header(headers, parameter["name"])
            if text is not None:
                yield from self._parameter_faults(parameter, text)

    def _body_faults(self, operation, body):
        described = operation.body()
        if described is None:
            return [] if body in (None, b"", b"{}") else ["a body is not described"]
        return self.validator.faults(json.loads(body), described["schema"], "body ")

    # --- what is answered ---------------------------------------------------------------------

    def _answer_faults(self, operation, exchange):
        responses = operation.said["responses"]
        said = responses.get(str(exchange.status))
        if said is None and exchange.status in _OF_THE_MESSAGE:
            said = responses["default"]
        if said is None:
            yield "this status is not described"
            return
        said = self.validator.resolve(said)
        for name, header in said.get("headers", {}).items():
            yield from self._answer_header_faults(name, header, exchange.answer_headers)
        if exchange.method == "HEAD":
            return
        value = None
        if "content" not in said:
            if exchange.answer:
                yield "a body is not described"
        else:
            media = _header(exchange.answer_headers, "Content-Type")
            if media not in said["content"]:
                yield f"{media} is not described"
                return
            value = json.loads(exchange.answer) if "json" in media else exchange.answer.decode()
            yield from self.validator.faults(value, said["content"][media]["schema"], "answer ")
        self._note(operation, exchange.status, value)

    def _answer_header_faults(self, name, header, headers):
        header = self.validator.resolve(header)
        text = _header(headers, name)
        if text is not None:
            yield from self.validator.faults(text, header["schema"], name)
        elif header["required"]:
            yield f"the header {name} is missing"

    def _note(self, operation, status, value):
        reason = value["type"] if status >= 400 else None
        self.seen.add((str(operation), str(status), None if reason == "about:blank" else reason))

    def promises(self):
        """Everything that `seen` can hold, but for `default`."""
        for operation in self.operations:
            for status, said in operation.said["responses"].items():
                if status == "default":
                    continue
                for reason in self._reasons(self.validator.resolve(said)):
                    yield str(operation), status, reason

    @staticmethod
    def _reasons(response):
        problem = response.get("content", {}).get("application/problem+json")
        if problem is None:
            return [None]
        types = problem["schema"]["properties"]["type"]["enum"]
        return [None if one == "about:blank" else one for one in types]
