#!/usr/bin/env python3
"""How long an editor waits for `goalc lsp` in a large plan. Standard library only.

    lsp.py [--goalc PATH] [--steps N] [--edits N] [--limit MILLISECONDS]

Types letters into a plan of N steps. Measures from each edit to what was found in it, and to the
answers of requests behind it: prints the middle and the worst of each, and fails where the middle
of what was found is over the limit.
"""
import argparse
import importlib.util
import json
import pathlib
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def plan(steps):
    """The plan that check-speed.py has checked."""
    spec = importlib.util.spec_from_file_location("check_speed", ROOT / "benches/check-speed.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.plan(steps)


class Server:
    def __init__(self, goalc):
        self.process = subprocess.Popen([goalc, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.next = 0

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def read(self):
        length = 0
        while (line := self.process.stdout.readline().strip()):
            length = int(line.split(b":")[1])
        return json.loads(self.process.stdout.read(length))

    def ask(self, method, params):
        self.next += 1
        self.send({"id": self.next, "method": method, "params": params})
        while (message := self.read()).get("id") != self.next:
            pass
        assert "error" not in message, message
        return message["result"]

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def found(self):
        while (message := self.read()).get("method") != "textDocument/publishDiagnostics":
            pass
        return message["params"]["diagnostics"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goalc", default=str(ROOT / "target/release/goalc"))
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--edits", type=int, default=40)
    parser.add_argument("--limit", type=float, default=150)
    args = parser.parse_args()

    text = plan(args.steps)
    lines = text.split("\n")
    at = next(i for i, line in enumerate(lines) if f"step s{args.steps // 2} " in line)
    server = Server(args.goalc)
    server.ask("initialize", {"capabilities": {}})
    file = {"uri": "untitled:large"}
    server.tell("textDocument/didOpen", {"textDocument": {**file, "languageId": "goal", "version": 1, "text": text}})
    server.found()

    # A word that is being written, each letter another finding.
    took = {"found": []}
    requests = ["hover", "completion", "documentSymbol", "semanticTokens/full", "formatting"]
    for edit in range(args.edits):
        place = {"line": at + 1, "character": 4 + edit}
        change = {"range": {"start": place, "end": place}, "text": "abcdefghij"[edit % 10]}
        began = time.perf_counter()
        server.tell("textDocument/didChange", {
            "textDocument": {**file, "version": edit + 2}, "contentChanges": [change]})
        if edit % 2 == 0:
            assert server.found()
            took["found"].append(time.perf_counter() - began)
            continue
        name = requests[edit // 2 % len(requests)]
        server.found()
        began = time.perf_counter()
        params = {"textDocument": file, "position": place, "options": {"tabSize": 2, "insertSpaces": True}}
        server.ask(f"textDocument/{name}", params)
        took.setdefault(name, []).append(time.perf_counter() - began)
    for name, times in took.items():
        print(f"{name:22} {statistics.median(times) * 1000:8.1f} ms, at worst {max(times) * 1000:8.1f} ms")
    server.ask("shutdown", None)
    server.tell("exit", None)
    server.process.wait()
    middle = statistics.median(took["found"]) * 1000
    if middle > args.limit:
        raise SystemExit(f"{middle:.1f} ms is over the limit of {args.limit} ms")


if __name__ == "__main__":
    main()
