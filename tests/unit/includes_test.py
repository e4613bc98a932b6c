#!/usr/bin/env python3
"""Walks every #include of src/ and include/: no forbidden edge, no cycle, each library behind its
one door. Run without arguments; `Bites` shows on small trees of its own that each rule is kept."""

import re
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The layer of each public header; one that is missing here is an error.
PUBLIC = {
    "error.hpp": "base",
    "json.hpp": "base",
    "time.hpp": "base",
    "task.hpp": "domain",
    "processor.hpp": "domain",
    "repository.hpp": "repository",
    "service.hpp": "service",
    "worker.hpp": "worker",
    "encryption.hpp": "cipher",
    "processors.hpp": "processors",
    "event.hpp": "telemetry",
    # Everything at once, for programs that embed the library.
    "esteira.hpp": "umbrella",
}

GROUND = {"base", "domain"}
MIDDLE = GROUND | {"repository", "processor", "telemetry"}

# What each layer may include beside itself. Siblings never include each other.
ALLOWED = {
    "base": set(),
    "domain": {"base"},
    "repository": GROUND,
    "processor": GROUND,
    "telemetry": GROUND,
    "engines/sqlite": MIDDLE,
    "engines/postgres": MIDDLE,
    "cipher": GROUND | {"repository"},
    "engines": MIDDLE | {"cipher"} | {"engines/sqlite", "engines/postgres"},
    "service": MIDDLE,
    "worker": MIDDLE,
    "api": MIDDLE,
    "processors": MIDDLE,  # and each of its own folders
    "http": MIDDLE | {"service", "worker", "api"},
    "client": GROUND,
    "archive": MIDDLE | {"api"},
    "cli": MIDDLE | {"service", "worker", "api", "archive", "processors", "http", "client",
                     "cipher", "umbrella"},
    "umbrella": MIDDLE | {"cipher", "service", "worker", "processors"},
}

# Libraries and the only layers that know them; the layer "processors/x" is also "processors/*".
DOORS = [
    (r"sqlite3\.h$", {"engines/sqlite"}),
    (r"(libpq|postgresql/)", {"engines/postgres"}),
    (r"boost/(beast|asio)", {"http"}),
    (r"curl/", {"processors/http_request", "client"}),
    (r"(CLI/|toml\+\+/|toml\.hpp)", {"cli"}),
    (r"valijson/", {"processor"}),
    (r"spdlog/", {"telemetry"}),
    (r"zstd\.h$", {"archive"}),
    (r"openssl/", {"base", "cipher", "processors/*", "service", "http", "cli"}),
    (r"(gtest|gmock|benchmark)/", set()),
]

# `domain` is pure: it reads no clock and knows no threads.
IMPURE = [
    (r"::now\s*\(", "reads a clock"),
    (r"#include <(thread|mutex|shared_mutex|condition_variable|atomic|future|semaphore)>",
     "knows threads"),
    (r"#include \"base/(clock|mutex|random)\.hpp\"", "holds a seam instead of an argument"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
# Headers that the build makes of text files, and the one layer that each belongs to.
GENERATED = {
    "sqlite_sql.hpp": "engines/sqlite",
    "postgres_sql.hpp": "engines/postgres",
    "openapi_texts.hpp": "http",
}


def layer_of(file, root):
    parts = file.relative_to(root).parts
    if parts[0] == "include":
        return PUBLIC.get(parts[-1])
    folders = parts[1:-1]
    if not folders:
        return None
    if folders[0] in ("engines", "processors") and len(folders) > 1:
        return "/".join(folders[:2])
    return folders[0]


def may_include(layer, other):
    if layer == other:
        return True
    if layer.startswith("processors/"):
        return other in ALLOWED["processors"]
    if layer in ("processors", "cli") and other.startswith("processors/"):
        return layer == "processors"
    return other in ALLOWED.get(layer, set())


def may_use(layer, layers):
    return layer in layers or (layer.startswith("processors/") and "processors/*" in layers)


def resolve(name, file, root):
    for folder in (root / "src", root / "include", file.parent):
        if (folder / name).is_file():
            return (folder / name).resolve()
    return None


def check_library(name, layer, where):
    problems = []
    for pattern, layers in DOORS:
        if re.match(pattern, name) and not may_use(layer, layers):
            problems.append(f"{where}: only {sorted(layers) or 'tests'} may include <{name}>")
    return problems


def check_file(file, root, graph):
    problems = []
    where = file.relative_to(root)
    text = file.read_text(encoding="utf-8")
    layer = layer_of(file, root)
    if layer is None or (layer not in ALLOWED and not layer.startswith("processors/")):
        return [f"{where}: belongs to no layer: name it in includes_test.py"]
    for quoted, angled in INCLUDE.findall(text):
        if angled:
            problems += check_library(angled, layer, where)
            if where.parts[0] == "include" and "/" in angled:
                if not angled.startswith("boost/json/"):
                    problems.append(f"{where}: <{angled}> shows in a public header")
            continue
        if quoted in GENERATED:
            if layer != GENERATED[quoted]:
                problems.append(f'{where}: "{quoted}" is {GENERATED[quoted]}\'s')
            continue
        target = resolve(quoted, file, root)
        if target is None:
            problems.append(f'{where}: "{quoted}" is not found')
            continue
        graph[file].append(target)
        other = layer_of(target, root)
        if where.parts[0] == "include" and target.relative_to(root).parts[0] != "include":
            problems.append(f'{where}: a public header includes "{quoted}" of src/')
        if other is None or not may_include(layer, other):
            problems.append(f'{where}: {layer} may not include {other} ("{quoted}")')
    if layer == "domain":
        for pattern, reason in IMPURE:
            if re.search(pattern, text):
                problems.append(f"{where}: domain {reason}")
    return problems


def find_cycle(graph):
    """A list of files that include each other in a ring, or None."""
    finished, path = set(), []

    def visit(file):
        if file in path:
            return path[path.index(file):] + [file]
        if file in finished:
            return None
        path.append(file)
        for target in graph.get(file, []):
            ring = visit(target)
            if ring:
                return ring
        path.pop()
        finished.add(file)
        return None

    for file in graph:
        ring = visit(file)
        if ring:
            return ring
    return None


def check_tree(root):
    root = root.resolve()
    files = sorted(
        file
        for folder in ("src", "include")
        for suffix in ("*.hpp", "*.cpp")
        for file in (root / folder).rglob(suffix)
    )
    graph = {file: [] for file in files}
    problems = []
    for file in files:
        problems += check_file(file, root, graph)
    ring = find_cycle(graph)
    if ring:
        problems.append("a cycle: " + " -> ".join(str(file.relative_to(root)) for file in ring))
    return problems


class Includes(unittest.TestCase):
    def test_the_tree_has_no_forbidden_edge_and_no_cycle(self):
        problems = check_tree(ROOT)
        self.assertEqual(problems, [], "\n" + "\n".join(problems))

    def test_the_walk_sees_the_tree(self):
        self.assertGreater(len(list((ROOT / "src").rglob("*.cpp"))), 10)

    def test_the_layers_themselves_have_no_cycle(self):
        self.assertIsNone(find_cycle({layer: sorted(below) for layer, below in ALLOWED.items()}))


class Bites(unittest.TestCase):
    """Each rule finds its offence in a tree that has it."""

    def problems(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            return check_tree(root)

    def expect(self, files, word):
        problems = self.problems(files)
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(word, problems[0])

    def test_a_good_tree_has_no_problem(self):
        self.assertEqual(self.problems({
            "include/esteira/error.hpp": "#include <string>\n",
            "include/esteira/json.hpp": '#include <boost/json/value.hpp>\n#include "esteira/error.hpp"\n',
            "src/base/a.hpp": '#include "esteira/error.hpp"\n',
            "src/domain/b.hpp": '#include "base/a.hpp"\n',
            "src/engines/sqlite/c.cpp": '#include <sqlite3.h>\n#include "domain/b.hpp"\n'
                                        '#include "sqlite_sql.hpp"\n',
            "src/processors/noop/d.hpp": '#include "domain/b.hpp"\n',
            "src/processors/builtin.cpp": '#include "processors/noop/d.hpp"\n',
        }), [])

    def test_a_forbidden_edge(self):
        self.expect({
            "src/base/a.hpp": '#include "domain/b.hpp"\n',
            "src/domain/b.hpp": "",
        }, "base may not include domain")

    def test_siblings(self):
        self.expect({
            "src/service/a.hpp": "",
            "src/worker/b.cpp": '#include "service/a.hpp"\n',
        }, "worker may not include service")
        self.expect({
            "src/processors/one/a.hpp": "",
            "src/processors/two/b.cpp": '#include "processors/one/a.hpp"\n',
        }, "processors/two may not include processors/one")

    def test_the_worker_knows_no_engine(self):
        self.expect({
            "src/engines/sqlite/a.hpp": "",
            "src/worker/b.cpp": '#include "engines/sqlite/a.hpp"\n',
        }, "worker may not include engines/sqlite")

    def test_a_cycle(self):
        self.expect({
            "src/domain/a.hpp": '#include "domain/b.hpp"\n',
            "src/domain/b.hpp": '#include "domain/c.hpp"\n',
            "src/domain/c.hpp": '#include "domain/a.hpp"\n',
        }, "a cycle: src/domain/a.hpp -> src/domain/b.hpp -> src/domain/c.hpp -> src/domain/a.hpp")

    def test_a_library_away_from_its_door(self):
        for library, layer in (("sqlite3.h", "service"), ("libpq-fe.h", "engines/sqlite"),
                               ("boost/beast.hpp", "api"), ("boost/asio.hpp", "worker"),
                               ("curl/curl.h", "processors/command"), ("CLI/CLI.hpp", "http"),
                               ("toml++/toml.h", "service"), ("valijson/schema.hpp", "service"),
                               ("spdlog/spdlog.h", "worker"), ("zstd.h", "cli"), ("gtest/gtest.h", "base")):
            self.expect({f"src/{layer}/a.cpp": f"#include <{library}>\n"}, library)

    def test_another_engines_sql(self):
        self.expect({"src/engines/sqlite/a.cpp": '#include "postgres_sql.hpp"\n'},
                    "engines/postgres's")

    def test_a_public_header_that_shows_a_library_or_the_inside(self):
        self.expect({"include/esteira/task.hpp": "#include <fmt/format.h>\n"}, "public header")
        self.expect({
            "include/esteira/task.hpp": '#include "base/a.hpp"\n',
            "src/base/a.hpp": "",
        }, "public header")

    def test_a_header_without_a_layer(self):
        self.expect({"include/esteira/surprise.hpp": ""}, "no layer")
        self.expect({"src/surprise/a.cpp": ""}, "no layer")

    def test_an_include_that_leads_nowhere(self):
        self.expect({"src/base/a.cpp": '#include "base/gone.hpp"\n'}, "not found")

    def test_a_domain_that_is_not_pure(self):
        self.expect({"src/domain/a.cpp": "auto t = std::chrono::system_clock::now();\n"}, "clock")
        self.expect({"src/domain/a.cpp": "#include <thread>\n"}, "threads")
        self.expect({"src/domain/a.cpp": "#include <mutex>\n"}, "threads")


if __name__ == "__main__":
    unittest.main()
