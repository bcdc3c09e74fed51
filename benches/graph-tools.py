#!/usr/bin/env python3
"""What it costs to look a large graph over: `goalc check` beside `ninja -n` and `make -n`.

    graph-tools.py [--goalc PATH] [--steps N] [--rounds N]

The same graph for all three: a grid a hundred wide, each step after the one above and that one's
neighbour. goalc reads what plans have besides (titles, retry, env, templates, a fallback), and once more
without (`bare`), and checks names, types, scripts, cycles and races; ninja and make read a command a
target, and print it. Prints a
table of the best processor time of all rounds, user and system together, and the memory at most.
Tools that are not there are left out. Standard library only.
"""
import argparse
import importlib.util
import os
import pathlib
import shutil
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def plans():
    """The module that makes the plan, so that both measure the same."""
    spec = importlib.util.spec_from_file_location("check_speed", HERE / "check-speed.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def above(i):
    names = [i - 100] if i >= 100 else []
    return names + [i - 101] if i >= 100 and i % 100 else names


def bare(steps):
    yield "goal large {\n"
    for i in range(steps):
        depends = f"depends {', '.join(f's{j}' for j in above(i))}; " if above(i) else ""
        yield f'  step s{i} {{ {depends}run "./part --name x --to out/s{i}" }}\n'
    yield "}\n"


def ninja(steps):
    # Without a target for all of them: ninja would look at all its inputs whenever one is done.
    yield "rule part\n  command = ./part --name x --to out/$out\n"
    for i in range(steps):
        yield f"build s{i}: part {' '.join(f's{j}' for j in above(i))}\n"


def make(steps):
    yield "all: " + " ".join(f"s{i}" for i in range(steps)) + "\n"
    for i in range(steps):
        yield f"s{i}: {' '.join(f's{j}' for j in above(i))}\n\t./part --name x --to out/s{i}\n"


def write(path, text):
    """Makes a file in a process of its own: what that takes in memory would count for those it starts."""
    child = os.fork()
    if child == 0:
        path.write_text(text())
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        raise SystemExit(f"{path} could not be written")


def measure(command, folder):
    with open(os.devnull, "w") as null:
        actions = [(os.POSIX_SPAWN_DUP2, null.fileno(), fd) for fd in (1, 2)]
        before = os.getcwd()
        os.chdir(folder)
        child = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
        os.chdir(before)
        _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        raise SystemExit(f"{command} ended with exit code {code}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goalc", default=str(HERE.parent / "target/release/goalc"))
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write(folder / "plan.goal", lambda: plans().plan(options.steps))
        write(folder / "bare.goal", lambda: "".join(bare(options.steps)))
        write(folder / "build.ninja", lambda: "".join(ninja(options.steps)))
        write(folder / "Makefile", lambda: "".join(make(options.steps)))
        goalc = [os.path.abspath(options.goalc), "check"]
        tools = [("goalc check", [*goalc, "plan.goal"]), ("goalc check, bare", [*goalc, "bare.goal"])]
        for name in ("ninja", "make"):
            path = shutil.which(name)
            tools += [(f"{name} -n", [path, "-n"])] if path else []
        # Round by round, so that a busy minute of the machine is no tool's alone.
        taken = {name: [] for name, _ in tools}
        for _ in range(options.rounds):
            for name, command in tools:
                taken[name].append(measure(command, folder))
        sizes = {"goalc check": "plan.goal", "goalc check, bare": "bare.goal", "ninja -n": "build.ninja", "make -n": "Makefile"}
        print("| tool | CPU seconds | peak MB | file MB |\n| --- | --- | --- | --- |")
        for name, rounds in taken.items():
            size = (folder / sizes[name]).stat().st_size / 1e6
            print(f"| `{name}` | {min(s for s, _ in rounds):.2f} | {max(m for _, m in rounds):.0f} | {size:.1f} |")


if __name__ == "__main__":
    main()
