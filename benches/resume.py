#!/usr/bin/env python3
"""What it costs to go on with a run that was killed half-way. Standard library only.

    resume.py [--goalc PATH] [--steps N] [--rounds N]

Runs a grid of steps `true`, each after two others, kills goalc when half of them have succeeded, and resumes
it, each time anew from a copy of that state. Prints the processor time, user and system together, that goalc
has used when it says that the first step begins, and the memory until then.
"""
import argparse
import importlib.util
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")


def neighbours():
    """Whom a step of the grid waits for."""
    spec = importlib.util.spec_from_file_location("graph_tools", HERE / "graph-tools.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.above


def plan(steps):
    yield "goal half {\n  progress checkpoints\n"
    names = neighbours()
    for i in range(steps):
        depends = f"depends {', '.join(f's{j}' for j in names(i))}; " if names(i) else ""
        yield f'  step s{i} {{ {depends}run ["true"]; idempotent }}\n'
    yield "}\n"


def begin(goalc, command, folder):
    return subprocess.Popen([goalc, *command], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True, bufsize=1)


def run_half(goalc, folder, steps):
    process = begin(goalc, ["run", "half.goal", "-j", "2"], folder)
    done = 0
    for line in process.stderr:
        done += line.startswith("✓")
        if done == steps // 2:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()


def resume(goalc, folder):
    """Seconds of processor time and megabytes until the first step begins."""
    process = begin(goalc, ["resume"], folder)
    for line in process.stderr:
        if line.startswith("▶"):
            break
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    process.send_signal(signal.SIGKILL)
    process.wait()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return (int(fields[11]) + int(fields[12])) / TICKS, peak / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goalc", default=str(HERE.parent / "target/release/goalc"))
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    goalc = os.path.abspath(options.goalc)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        half, copy = folder / "half", folder / "copy"
        half.mkdir()
        (half / "half.goal").write_text("".join(plan(options.steps)))
        run_half(goalc, half, options.steps)
        taken = []
        for _ in range(options.rounds):
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(half, copy, symlinks=True)
            taken.append(resume(goalc, copy))
    seconds, megabytes = min(taken)
    print("| steps | processor seconds | of all rounds | peak MB |\n| --- | --- | --- | --- |")
    rounds = f"{seconds:.2f} to {max(s for s, _ in taken):.2f}"
    print(f"| {options.steps:,} | {seconds:.2f} | {rounds} | {megabytes:.0f} |")


if __name__ == "__main__":
    main()
