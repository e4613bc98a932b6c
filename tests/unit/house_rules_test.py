#!/usr/bin/env python3
"""House rules that a compiler does not know: sizes, no loose ends, SQL in .sql files, two engine
folders that read alike. `Bites` shows that each rule finds its offence."""

import re
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

FILE_LINES_MAX = 700
FUNCTION_LINES_MAX = 70
CODE = ("src", "include", "tests", "bench", "examples")

# The steps of the road: both engines have a file for each.
ENGINE_STEPS = {"repository", "connection", "migrate", "types", "insert", "claim", "finish",
                "lease", "read", "change", "prune", "stats", "wake", "keys", "audit"}

LOOSE_END = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"')
RAW_TEXT = re.compile(r'R"(\w*)\((.*?)\)\1"', re.DOTALL)
SQL = re.compile(
    r"\b(SELECT\s|INSERT\s+INTO\b|DELETE\s+FROM\b|UPDATE\s+\w+\s+SET\b|"
    r"(CREATE|ALTER|DROP)\s+(TABLE|INDEX|VIEW|SCHEMA|FUNCTION)\b)")
# A definition begins at the margin (namespaces are not indented) and ends with a brace there.
OPENS = re.compile(r"^[^\s}#/].*\{$")
NO_FUNCTION = re.compile(r"^(namespace|class|struct|enum|union|extern)\b|=\s*\{$")


def code_files(root):
    return sorted(
        file
        for folder in CODE
        for suffix in ("*.hpp", "*.cpp")
        for file in (root / folder).rglob(suffix)
    )


def check_sizes(root):
    problems = []
    for file in code_files(root):
        lines = file.read_text(encoding="utf-8").splitlines()
        where = file.relative_to(root)
        if len(lines) > FILE_LINES_MAX:
            problems.append(f"{where}: {len(lines)} lines, at most {FILE_LINES_MAX}")
        start = None
        for number, line in enumerate(lines, 1):
            if start is None and OPENS.match(line) and not NO_FUNCTION.search(line):
                start = number
            elif start is not None and line.startswith("}"):
                if number - start + 1 > FUNCTION_LINES_MAX:
                    problems.append(f"{where}:{start}: a function of {number - start + 1} lines, "
                                    f"at most {FUNCTION_LINES_MAX}")
                start = None
    return problems


def check_loose_ends(root):
    problems = []
    for folder in CODE + ("cmake", "tools", "docs", "deploy"):
        for file in sorted((root / folder).rglob("*")):
            if not file.is_file() or file == Path(__file__).resolve():
                continue
            try:
                text = file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            for number, line in enumerate(text.splitlines(), 1):
                if LOOSE_END.search(line):
                    problems.append(f"{file.relative_to(root)}:{number}: a loose end")
    return problems


def check_sql(root):
    """SQL stands in .sql files, one statement or fragment each."""
    problems = []
    for file in sorted((root / "src").rglob("*.?pp")):
        text = re.sub(r"//[^\n]*", "", file.read_text(encoding="utf-8"))
        words = [match.group(0) for match in TEXT.finditer(text)]
        words += [match.group(2) for match in RAW_TEXT.finditer(text)]
        for word in words:
            if SQL.search(word):
                problems.append(f"{file.relative_to(root)}: SQL outside a .sql file: {word[:50]}")
    return problems


def check_engines(root):
    problems = []
    folders = sorted(file for file in (root / "src/engines").iterdir() if file.is_dir())
    for folder in folders:
        names = {file.stem for file in folder.glob("*.cpp")}
        for missing in sorted(ENGINE_STEPS - names):
            problems.append(f"{folder.relative_to(root)}: has no {missing}.cpp")
        migrations = sorted(file.name for file in (folder / "migrations").glob("*.sql"))
        numbers = [int(name[:4]) for name in migrations]
        if numbers != list(range(1, len(numbers) + 1)):
            problems.append(f"{folder.relative_to(root)}/migrations: not numbered 1, 2, 3, …")
    for numbers in zip(*(sorted((folder / "migrations").glob("*.sql")) for folder in folders)):
        if len({file.name for file in numbers}) > 1:
            problems.append("migrations with one number and two names: " +
                            ", ".join(str(file.relative_to(root)) for file in numbers))
    return problems


class HouseRules(unittest.TestCase):
    def expect_none(self, problems):
        self.assertEqual(problems, [], "\n" + "\n".join(problems))

    def test_files_and_functions_are_short(self):
        self.expect_none(check_sizes(ROOT))

    def test_nothing_is_left_for_later(self):
        self.expect_none(check_loose_ends(ROOT))

    def test_sql_stands_in_sql_files(self):
        self.expect_none(check_sql(ROOT))

    def test_engines_have_the_same_files(self):
        self.expect_none(check_engines(ROOT))


class Bites(unittest.TestCase):
    def offences(self, check, files):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            return check(root)

    def test_a_long_file(self):
        self.assertEqual(len(self.offences(check_sizes, {"src/a.cpp": "\n" * 701})), 1)
        self.assertEqual(self.offences(check_sizes, {"src/a.cpp": "\n" * 700}), [])

    def test_a_long_function(self):
        def tree(lines):
            return {"src/a.cpp": "namespace x {\nint f() {\n" + "  g();\n" * (lines - 2) + "}\n}\n"}
        self.assertEqual(len(self.offences(check_sizes, tree(71))), 1)
        self.assertEqual(self.offences(check_sizes, tree(70)), [])

    def test_a_loose_end(self):
        self.assertEqual(len(self.offences(check_loose_ends, {"src/a.cpp": "// TO" "DO: x\n"})), 1)

    def test_sql_in_code(self):
        for text in ('auto a = "SELECT 1";', 'auto a = R"(delete)" "DELETE FROM t";',
                     'auto a = R"sql(\nINSERT INTO t\n)sql";'):
            self.assertNotEqual(self.offences(check_sql, {"src/a.cpp": text + "\n"}), [], text)
        self.assertEqual(self.offences(check_sql, {"src/a.cpp": '// "SELECT 1"\nauto a = "select";\n'}),
                         [])

    def test_an_engine_that_lacks_a_step(self):
        files = {f"src/engines/{engine}/{step}.cpp": "" for engine in ("a", "b")
                 for step in ENGINE_STEPS}
        files["src/engines/a/migrations/0001_tables.sql"] = ""
        files["src/engines/b/migrations/0001_tables.sql"] = ""
        self.assertEqual(self.offences(check_engines, files), [])
        del files["src/engines/b/claim.cpp"]
        self.assertEqual(len(self.offences(check_engines, files)), 1)
        files["src/engines/b/claim.cpp"] = ""
        files["src/engines/a/migrations/0002_this.sql"] = ""
        files["src/engines/b/migrations/0002_that.sql"] = ""
        self.assertEqual(len(self.offences(check_engines, files)), 1)


if __name__ == "__main__":
    unittest.main()
