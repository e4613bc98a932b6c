"""JSON Schema (draft 2020-12), as far as the description of the API uses it. A keyword that is not
known here is an error and not ignored, so that nothing passes unchecked."""

import re

_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
_SAYS_NOTHING = {"description", "default", "example"}
_TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
_FORMATS = {"date-time": _TIME.match, "uri-reference": re.compile(r"^[!-~]+$").match}


def is_of_type(value, name):
    if name in ("integer", "number"):
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole or (name == "number" and isinstance(value, float))
    return isinstance(value, _TYPES[name])


def same(one, other):
    """Python takes True for 1."""
    return type(one) is type(other) and one == other


class Validator:
    def __init__(self, document):
        self._document = document

    def resolve(self, said):
        """A part of the document, or what its $ref leads to."""
        while "$ref" in said:
            target = self._document
            for part in said["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            said = target
        return said

    def faults(self, value, schema, place=""):
        """Where and how a value is not what the schema says."""
        if schema is True:
            return []
        found = []
        for keyword, said in schema.items():
            if keyword in _SAYS_NOTHING:
                continue
            check = getattr(self, "_" + keyword.removeprefix("$"), None)
            if check is None:
                raise AssertionError(f"{keyword} is not known here: add it to harness/schema.py")
            found += check(value, said, schema, place)
        return found

    def _ref(self, value, said, _, place):
        return self.faults(value, self.resolve({"$ref": said}), place)

    def _type(self, value, said, _, place):
        names = [said] if isinstance(said, str) else said
        good = any(is_of_type(value, name) for name in names)
        return [] if good else [f"{place}: {value!r} is not {' or '.join(names)}"]

    def _enum(self, value, said, _, place):
        good = any(same(value, one) for one in said)
        return [] if good else [f"{place}: {value!r} is none of {said}"]

    def _const(self, value, said, _, place):
        return self._enum(value, [said], None, place)

    def _oneOf(self, value, said, _, place):  # pylint: disable=invalid-name
        fitting = sum(not self.faults(value, one, place) for one in said)
        return [] if fitting == 1 else [f"{place}: {value!r} fits {fitting} of {len(said)}"]

    def _properties(self, value, said, _, place):
        if not isinstance(value, dict):
            return []
        return [fault for name, schema in said.items() if name in value
                for fault in self.faults(value[name], schema, f"{place}/{name}")]

    def _required(self, value, said, _, place):
        if not isinstance(value, dict):
            return []
        return [f"{place}: {name} is missing" for name in said if name not in value]

    def _additionalProperties(self, value, said, schema, place):  # pylint: disable=invalid-name
        if not isinstance(value, dict):
            return []
        others = {name: one for name, one in value.items()
                  if name not in schema.get("properties", {})}
        if said is False:
            return [f"{place}: {name} is not described" for name in others]
        return [fault for name, one in others.items()
                for fault in self.faults(one, said, f"{place}/{name}")]

    def _items(self, value, said, _, place):
        if not isinstance(value, list):
            return []
        return [fault for number, item in enumerate(value)
                for fault in self.faults(item, said, f"{place}/{number}")]

    def _pattern(self, value, said, _, place):
        good = not isinstance(value, str) or re.search(said, value)
        return [] if good else [f"{place}: {value!r} is not like {said}"]

    def _format(self, value, said, _, place):
        good = not isinstance(value, str) or _FORMATS[said](value)
        return [] if good else [f"{place}: {value!r} is no {said}"]

    def _bound(self, kind, measure, good, value, said, place):
        counts = isinstance(value, kind) and not isinstance(value, bool)
        if not counts or good(measure(value), said):
            return []
        return [f"{place}: {value!r} is beyond {said}"]

    def _minimum(self, value, said, _, place):
        return self._bound((int, float), float, lambda a, b: a >= b, value, said, place)

    def _maximum(self, value, said, _, place):
        return self._bound((int, float), float, lambda a, b: a <= b, value, said, place)

    def _exclusiveMinimum(self, value, said, _, place):  # pylint: disable=invalid-name
        return self._bound((int, float), float, lambda a, b: a > b, value, said, place)

    def _minLength(self, value, said, _, place):  # pylint: disable=invalid-name
        return self._bound(str, len, lambda a, b: a >= b, value, said, place)

    def _maxLength(self, value, said, _, place):  # pylint: disable=invalid-name
        return self._bound(str, len, lambda a, b: a <= b, value, said, place)

    def _minProperties(self, value, said, _, place):  # pylint: disable=invalid-name
        return self._bound(dict, len, lambda a, b: a >= b, value, said, place)

    def _minItems(self, value, said, _, place):  # pylint: disable=invalid-name
        return self._bound(list, len, lambda a, b: a >= b, value, said, place)

    def _maxItems(self, value, said, _, place):  # pylint: disable=invalid-name
        return self._bound(list, len, lambda a, b: a <= b, value, said, place)
