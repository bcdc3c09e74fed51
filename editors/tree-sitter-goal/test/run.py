#!/usr/bin/env python3
"""The tests of the tree-sitter grammar without its command-line tool: needs `tree-sitter` from PyPI and cc.

The corpus (as `tree-sitter test` reads it), all sound plans, the queries, and whether the parser is as new as
the clause table.

    python3 test/run.py FOLDER      a folder for the compiled parser
"""

import ctypes
import json
import pathlib
import re
import subprocess
import sys
import time
import warnings

import tree_sitter

HERE = pathlib.Path(__file__).resolve().parents[1]
ROOT = HERE.parents[1]
failed = 0


def fail(text):
    global failed
    failed += 1
    print(f"  {text}")


def language(folder):
    library = pathlib.Path(folder).resolve() / "goal.so"
    source = HERE / "src"
    subprocess.run(["cc", "-O1", "-fPIC", "-shared", "-I", source, "-o", library, source / "parser.c"], check=True)
    pointer = ctypes.CDLL(str(library)).tree_sitter_goal
    pointer.restype = ctypes.c_void_p
    with warnings.catch_warnings():
        # A capsule is wanted, which only a compiled Python module can make.
        warnings.simplefilter("ignore")
        return tree_sitter.Language(pointer())


def tree(node):
    """As the corpus has it: names alone, no fields."""
    return re.sub(r"\s+", " ", re.sub(r"[\w-]+: ", "", str(node))).strip()


CASE = re.compile(r"^=+\n(?P<title>.+)\n(?P<marks>(?::.+\n)*)=+\n(?P<text>(?s:.*?))\n---+\n(?P<tree>[^=]*)", re.MULTILINE)


def corpus(parser):
    count = 0
    for file in sorted((HERE / "test/corpus").glob("*.txt")):
        for case in CASE.finditer(file.read_text(encoding="utf-8")):
            count += 1
            text = case["text"].removeprefix("\n").removesuffix("\n")
            root = parser.parse(text.encode()).root_node
            if ":error" in case["marks"]:
                if not root.has_error:
                    fail(f"{file.name}: {case['title']}: is read without an error")
            elif tree(root) != re.sub(r"\s+", " ", case["tree"]).strip().replace("( ", "("):
                fail(f"{file.name}: {case['title']}: {tree(root)}")
    if count < 35:
        fail(f"only {count} cases were found")
    return count


def plans(parser):
    files = [*ROOT.glob("examples/**/*.goal"), *ROOT.glob("tests/corpus/valid/**/*.goal"), *ROOT.glob("tests/corpus/run/**/*.goal")]
    files += [*ROOT.glob("../shared/corpus/valid/**/*.goal"), *ROOT.glob("../shared/corpus/run/**/*.goal")]
    # A folder `.goal` is the state of a run.
    files = [file for file in files if file.is_file()]
    for file in files:
        text = file.read_bytes()
        root = parser.parse(text).root_node
        if root.has_error:
            fail(f"{file}: has an error: {root}")
        # The same with other line ends.
        if parser.parse(text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")).root_node.has_error:
            fail(f"{file}: has an error with CR LF")
    if len(files) < 60:
        fail(f"only {len(files)} plans were found")
    return len(files)


def queries(goal):
    files = sorted(HERE.glob("queries/**/*.scm"))
    for file in files:
        try:
            tree_sitter.Query(goal, file.read_text(encoding="utf-8"))
        except Exception as error:
            fail(f"{file.relative_to(HERE)}: {error}")
    return len(files)


def strings(value):
    """All STRING values of the grammar that the parser was made of."""
    if isinstance(value, dict):
        if value.get("type") == "STRING":
            yield value["value"]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from strings(each)


def is_new():
    table = json.loads((HERE / "clauses.json").read_text(encoding="utf-8"))
    there = set(strings(json.loads((HERE / "src/grammar.json").read_text(encoding="utf-8"))))
    wanted = {word for spec in table["clauses"].values() for word in spec["word"].split()}
    wanted |= {word for spec in table["clauses"].values() for option in spec["options"] for word in option["word"].split()}
    wanted |= {*table["types"], *table["functions"]}
    if missing := sorted(wanted - there):
        fail(f"the parser does not know {', '.join(missing)}: `tree-sitter generate --abi 14`")


def time_taken(parser):
    for piece in ('"', "'", '"""', "${", "{", "[", "a ", 'run "', "step a { "):
        started = time.process_time()
        parser.parse(("goal g { " + piece * (20_000 // len(piece))).encode())
        if time.process_time() - started > 5:
            fail(f"{piece!r} many times takes {time.process_time() - started:.1f} s")


def main():
    goal = language(sys.argv[1] if len(sys.argv) > 1 else "/tmp")
    parser = tree_sitter.Parser(goal)
    print(f"tree-sitter: {corpus(parser)} cases, {plans(parser)} plans, {queries(goal)} queries")
    is_new()
    time_taken(parser)
    return 1 if failed else 0


sys.exit(main())
