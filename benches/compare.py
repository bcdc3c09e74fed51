#!/usr/bin/env python3
"""The same graphs of small steps run by goalc and by other tools, in turn. Installs them by itself.

    compare.py [--goalc PATH] [--shapes chain,wide,layered] [--steps N,N] [--rounds N] [--jobs N]
               [--limit SECONDS] [--tools NAME,NAME]

The tools are put into `target/peers`, from the registry of Python packages (make comes with the system). Each step is
`true`. All tools run the same graph one after the other, as many rounds as wanted, so that what else the machine does
hits all alike. Prints a table for each graph: seconds in the middle with the spread, processor seconds, the memory at
most, and how long it took beside a bare loop: a C program that does nothing but posix_spawn and wait, and knows of no
order. A tool that takes longer than the limit is not run again; one that can't be had is said.
"""
import argparse
import importlib.util
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "target" / "peers"
# What each tool is called among Python's packages.
PACKAGES = {"ninja": "ninja", "just": "rust-just", "task": "go-task-bin", "doit": "doit", "snakemake": "snakemake"}


def loop_source():
    """The bare loop of many-steps.py."""
    spec = importlib.util.spec_from_file_location("many_steps", ROOT / "benches/many-steps.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.LOOP


def install(tools):
    """The commands of the tools, by name; those that can't be had are said."""
    if not (PEERS / "bin/python").exists():
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
    found = {}
    for tool in tools:
        if tool not in PACKAGES:
            continue
        command = PEERS / "bin" / tool
        if not command.exists():
            pip = [PEERS / "bin/python", "-m", "pip", "install", "--quiet", PACKAGES[tool]]
            subprocess.run(pip, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if command.exists():
            found[tool] = str(command)
        else:
            print(f"{tool} can't be had here", file=sys.stderr)
    if "make" in tools and shutil.which("make"):
        found["make"] = shutil.which("make")
    return found


def graph(shape, steps):
    """What each step waits for."""
    if shape == "chain":
        return [[i - 1] if i else [] for i in range(steps)]
    if shape == "wide":
        return [[] for _ in range(steps)]
    chance, width = random.Random(7), max(10, int(steps ** 0.5))
    return [sorted({i - width + chance.randrange(-(i % width), width - i % width) for _ in range(2)}) if i >= width else []
            for i in range(steps)]


def write(folder, needs):
    """The graph as each tool has it."""
    every = range(len(needs))
    names = [f"s{i}" for i in every]
    words = [" ".join(names[n] for n in needs[i]) for i in every]
    goals = []
    for i in every:
        depends = f" depends {', '.join(names[n] for n in needs[i])};" if needs[i] else ""
        goals.append(f'  step {names[i]} {{{depends} run ["true"]; idempotent }}\n')
    (folder / "realtime.goal").write_text("goal g {\n" + "".join(goals) + "}\n")
    (folder / "checkpoints.goal").write_text("goal g {\n  progress checkpoints\n" + "".join(goals) + "}\n")
    rules = "".join(f"{names[i]}: {words[i]}\n\t@true\n" for i in every)
    (folder / "Makefile").write_text(f".PHONY: all {' '.join(names)}\nall: {' '.join(names)}\n{rules}")
    (folder / "build.ninja").write_text(
        "rule t\n  command = true\n" + "".join(f"build {names[i]}: t {words[i]}\n" for i in every))
    # just runs what a recipe depends on one after the other, unless it says `[parallel]`.
    (folder / "justfile").write_text(
        f"[parallel]\nall: {' '.join(names)}\n" + "".join(f"[parallel]\n{names[i]}: {words[i]}\n  @true\n" for i in every))
    tasks = "".join(
        f"  {names[i]}:\n    run: once\n    deps: [{', '.join(names[n] for n in needs[i])}]\n    cmds: ['true']\n"
        for i in every)
    (folder / "Taskfile.yml").write_text(
        f"version: '3'\nsilent: true\ntasks:\n  all:\n    deps: [{', '.join(names)}]\n{tasks}")
    doit = "".join(f"    yield {{'name': '{names[i]}', 'actions': ['true'], "
                   f"'task_dep': {[f'g:{names[n]}' for n in needs[i]]}}}\n" for i in every)
    (folder / "dodo.py").write_text("DOIT_CONFIG = {'default_tasks': ['g']}\ndef task_g():\n" + doit)
    rules = "".join(
        f"rule {names[i]}:\n    input: {[f'out/{names[n]}' for n in needs[i]]}\n    output: touch('out/{names[i]}')\n    "
        "shell: 'true'\n" for i in every)
    (folder / "Snakefile").write_text(f"rule all:\n    input: {[f'out/{name}' for name in names]}\n{rules}")


def commands(tools, goalc, folder, steps, jobs):
    """How each tool is called."""
    calls = {}
    if shutil.which("cc"):
        (folder / "loop.c").write_text(loop_source())
        subprocess.run(["cc", "-O2", "-o", "loop", "loop.c"], cwd=folder, check=True)
        calls["bare loop"] = [str(folder / "loop"), str(steps), jobs, shutil.which("true")]
    arguments = {
        "make": [f"-j{jobs}", "all"], "ninja": [f"-j{jobs}"], "just": ["all"], "task": ["-C", jobs, "all"],
        "doit": ["-n", jobs, "-P", "thread", "-v0"], "snakemake": ["-j", jobs, "--quiet", "all", "--nolock"]}
    calls.update({tool: [command, *arguments[tool]] for tool, command in tools.items()})
    for progress in ("checkpoints", "realtime"):
        calls[f"goalc, {progress}"] = [goalc, "run", f"{progress}.goal", "-j", jobs]
    return calls


def timed(command, folder, limit):
    """Seconds, processor seconds and megabytes; none where it failed, or took too long."""
    for left in ("state", "out", ".snakemake", ".task", ".ninja_log", ".ninja_deps", ".doit.db"):
        path = folder / left
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    env = dict(os.environ, GOALC_STATE_DIR=str(folder / "state"))
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(process.pid, signal.SIGKILL))
    signal.alarm(limit)
    _, status, usage = os.wait4(process.pid, 0)
    signal.alarm(0)
    taken = time.monotonic() - begun
    if status != 0:
        return "over the limit" if taken >= limit else "failed"
    return taken, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(calls, folder, rounds, limit):
    """The figures of each tool, in turn."""
    figures = {tool: [] for tool in calls}
    for _ in range(rounds):
        for tool, command in calls.items():
            if not any(isinstance(figure, str) for figure in figures[tool]):
                figures[tool].append(timed(command, folder, limit))
    return figures


def table(figures):
    bare = figures.get("bare loop") or []
    unit = statistics.median(seconds for seconds, _, _ in bare) if bare else None
    print("| tool | seconds | spread | processor seconds | peak MB | of the bare loop |\n| --- | --- | --- | --- | --- | --- |")
    for tool, each in figures.items():
        failed = [figure for figure in each if isinstance(figure, str)]
        if failed:
            print(f"| {tool} | {failed[0]} | | | | |")
            continue
        seconds = [figure[0] for figure in each]
        middle = statistics.median(seconds)
        ratio = f"{middle / unit:.2f}" if unit else ""
        processor, memory = statistics.median(figure[1] for figure in each), max(figure[2] for figure in each)
        print(f"| {tool} | {middle:.2f} | {min(seconds):.2f} to {max(seconds):.2f} | {processor:.2f} | {memory:.0f} | {ratio} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goalc", default=str(ROOT / "target/release/goalc"))
    parser.add_argument("--shapes", default="chain,wide,layered")
    parser.add_argument("--steps", default="1000,10000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=int, default=120)
    parser.add_argument("--tools", default=",".join(["make", *PACKAGES]))
    options = parser.parse_args()
    tools = install(options.tools.split(","))
    for shape in options.shapes.split(","):
        for steps in map(int, options.steps.split(",")):
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                write(folder, graph(shape, steps))
                calls = commands(tools, os.path.abspath(options.goalc), folder, steps, str(options.jobs))
                print(f"\n{shape}, {steps:,} steps, {options.jobs} jobs\n", flush=True)
                table(measure(calls, folder, options.rounds, options.limit))


if __name__ == "__main__":
    main()
