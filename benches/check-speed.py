#!/usr/bin/env python3
"""How much processor time `goalc check` takes for a large plan. Standard library only.

    check-speed.py [--goalc PATH] [--steps N] [--rounds N] [--limit SECONDS]

The plan has some 250 bytes a step: comments, dependencies, templates, retry, env, fallbacks. Prints
the best time of all rounds, user and system together, and fails where it is over the limit.
"""
import argparse
import os
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

HEAD = """goal large "A large plan" {
  param name: string = "x" "A value that every step uses"
  let tag = "t-${name}"

"""

STEP = """  # Part {i} of many.
  step s{i} "Step {i}" {{
{depends}    run "./part --name \\"${{name}}\\" --to \\"out/${{tag}}/{i}\\""
    retry 2 delay 5s backoff 2
    env {{ PART = {i}; MODE = "fast" }}
    fallback other {{ run ["./other", "${{name}}", "{i}"] }}
    idempotent
  }}

"""


def plan(steps):
    parts = [HEAD]
    for i in range(steps):
        # A grid a hundred wide: each step depends on the one above and that one's neighbour.
        above = [f"s{i - 100}"] if i >= 100 else []
        if i >= 100 and i % 100:
            above.append(f"s{i - 101}")
        depends = f"    depends {', '.join(above)}\n" if above else ""
        parts.append(STEP.format(i=i, depends=depends))
    return "".join(parts) + "}\n"


def processor_seconds(command):
    with open(os.devnull, "w") as null:
        actions = [(os.POSIX_SPAWN_DUP2, null.fileno(), fd) for fd in (1,)]
        child = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
        _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        raise SystemExit(f"goalc check ended with exit code {code}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goalc", default=str(ROOT / "target/release/goalc"))
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=float, default=0.25)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "large.goal")
        text = plan(options.steps)
        path.write_text(text)
        command = [os.path.abspath(options.goalc), "check", str(path)]
        taken = [processor_seconds(command) for _ in range(options.rounds)]
    best, memory = min(seconds for seconds, _ in taken), max(kib for _, kib in taken)
    rounds = " ".join(f"{seconds:.3f}" for seconds, _ in taken)
    print(f"{options.steps} steps, {len(text) / 1e6:.2f} MB ({len(text) // options.steps} bytes a step)")
    print(f"best {best:.3f} s of processor time (limit {options.limit} s), at most {memory / 1024:.0f} MiB   ({rounds})")
    sys.exit(0 if best <= options.limit else 1)


if __name__ == "__main__":
    main()
