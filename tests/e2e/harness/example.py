"""Variations of an example body: what its schema just allows, and what it refuses."""

import copy

# A list is filled up to its limit only where that is cheap.
_ITEMS_TRIED_MAX = 100
_OF_NO_TYPE = {"string": 7, "integer": 1.5, "number": "x", "boolean": "x", "array": 7, "object": 7}


def places(value, schema, validator, path=()):
    """Each place of an example with its schema: ((), NewTask), (("tags", 0), …), …"""
    schema = validator.resolve(schema) if schema is not True else {}
    yield path, schema
    for choice in schema.get("oneOf", []):
        if not validator.faults(value, choice):
            yield from places(value, choice, validator, path)
    if isinstance(value, dict):
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                yield from places(value[name], inner, validator, (*path, name))
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            yield from places(item, schema["items"], validator, (*path, number))


def put(example, path, value):
    """The example with another value at that place."""
    if not path:
        return value
    changed = copy.deepcopy(example)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


def without(value, name):
    return {key: one for key, one in value.items() if key != name}


def at(example, path):
    for step in path:
        example = example[step]
    return example


def _types(schema):
    said = schema.get("type", [])
    return [said] if isinstance(said, str) else said


def beyond(value, schema):
    """Values that stand just outside of what the schema allows at this place."""
    types = _types(schema)
    if types:
        yield _OF_NO_TYPE[types[0]]
    if types and "null" not in types:
        yield None
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if "exclusiveMinimum" in schema:
        yield schema["exclusiveMinimum"]
    if "maximum" in schema:
        yield schema["maximum"] + 1
    if schema.get("minLength"):
        yield ""
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1)
    if schema.get("minItems"):
        yield []
    if "maxItems" in schema:
        yield [value[0]] * (schema["maxItems"] + 1)
    if schema.keys() & {"enum", "const", "pattern", "format"}:
        yield "no such thing"
    if "oneOf" in schema:
        yield 7
    yield from _wrong_members(value, schema)


def _wrong_members(value, schema):
    if not isinstance(value, dict):
        return
    if schema.get("additionalProperties") is False:
        yield {**value, "of_no_use": 1}
    for name in schema.get("required", []):
        yield without(value, name)


def within(value, schema):
    """Values that stand just inside."""
    if "null" in _types(schema):
        yield None
    for bound in ("minimum", "maximum"):
        if bound in schema:
            yield schema[bound]
    for bound in ("minLength", "maxLength"):
        if bound in schema:
            yield "x" * schema[bound]
    if schema.get("maxItems", _ITEMS_TRIED_MAX + 1) <= _ITEMS_TRIED_MAX:
        yield [value[0]] * schema["maxItems"]
    yield from schema.get("enum", [])
    if isinstance(value, dict):
        needed = schema.get("required", [])
        yield from (without(value, name) for name in value if name not in needed)
