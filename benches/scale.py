#!/usr/bin/env python3
"""How processor time and memory grow with a plan. Needs Python's matplotlib, which it installs into target/peers.

    scale.py [--goalc PATH] [--most STEPS] [--most-dry STEPS] [--most-run STEPS] [--most-items ITEMS] [--plot docs/performance.svg]

Checks plans of 1,000 to so many steps, each with two dependencies, and runs plans of independent steps `true`; also one
step over so many items, which is looked at without running it, too. Prints a table, and draws it: on both axes ten times
as much is as far, so cost that grows with the steps is a straight line from corner to corner.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import textwrap

from importlib.util import module_from_spec, spec_from_file_location

# A file may have 7.2 million tokens; such a step has up to 19.
IN_A_FILE = 250_000
ROOT = pathlib.Path(__file__).resolve().parent.parent


def compare():
    spec = spec_from_file_location("compare", ROOT / "benches/compare.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def used(command, folder):
    """Processor seconds and megabytes of a command that must succeed."""
    env = dict(os.environ, GOALC_STATE_DIR=str(folder / "state"))
    process = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{command} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def sizes(most):
    return [size for power in range(3, 7) for size in (10 ** power, 3 * 10 ** power) if size <= most]


def plan(shape, steps):
    """The text of each file of a plan, by its name. A plan of more steps than one file may have mounts several."""
    if shape == "items":
        yield "plan.goal", [f'goal g {{\n  progress checkpoints\n  step s {{ foreach i in range(0, {steps}); run ["true"]; idempotent }}\n}}\n']
        return
    if steps <= IN_A_FILE:
        yield "plan.goal", goal("g", shape, steps)
        return
    parts = {f"part{k}": min(IN_A_FILE, steps - k * IN_A_FILE) for k in range(-(-steps // IN_A_FILE))}
    yield "plan.goal", ["goal g {\n", *(f'  goal {name} from "{name}.goal"\n' for name in parts), "}\n"]
    for name, share in parts.items():
        yield f"{name}.goal", goal(name, shape, share)


def goal(name, shape, steps):
    yield f"goal {name} {{\n  progress checkpoints\n"
    for i in range(steps):
        depends = f" depends s{i * 7 // 8}, s{i // 2};" if shape == "graph" and i > 1 else ""
        yield f'  step s{i} {{{depends} run ["true"]; idempotent }}\n'
    yield "}\n"


def write(folder, files):
    """In a process of its own: what that takes in memory would count for those that are started here."""
    child = os.fork()
    if child == 0:
        for name, pieces in files:
            with open(folder / name, "w") as file:
                file.writelines(pieces)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        raise SystemExit(f"{folder} could not be written")


def measure(goalc, most, most_dry, most_run, most_items):
    kinds = {"check a graph": ("graph", ["check"], most), "dry-run of a graph": ("graph", ["run", "-n"], most_dry),
             "dry-run of items": ("items", ["run", "-n"], most_items),
             "run of steps": ("wide", ["run", "-j2"], most_run), "run of items": ("items", ["run", "-j2"], most_run)}
    rows = []
    for kind, (shape, command, limit) in kinds.items():
        for steps in sizes(limit):
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                write(folder, plan(shape, steps))
                seconds, memory = used([goalc, *command, "plan.goal"], folder)
            rows.append({"kind": kind, "steps": steps, "seconds": seconds, "megabytes": memory})
            print(f"| {kind} | {steps:,} | {seconds:.2f} | {memory:.0f} | {seconds / steps * 1e6:.1f} |", flush=True)
    return rows


PLOT = textwrap.dedent("""
    import json, sys
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "goalc"
    import matplotlib.pyplot as plot
    rows = json.load(open(sys.argv[1]))
    figure, axes = plot.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    for axis, unit in zip(axes, ("seconds", "megabytes")):
        for kind in dict.fromkeys(row["kind"] for row in rows):
            own = [row for row in rows if row["kind"] == kind]
            axis.loglog([row["steps"] for row in own], [row[unit] for row in own], marker="o", label=kind)
        axis.set_xlabel("steps")
        axis.set_title("processor seconds" if unit == "seconds" else "megabytes at most")
        axis.grid(True, which="major", alpha=0.4)
    axes[0].legend()
    figure.savefig(sys.argv[2], metadata={"Date": None})
""")


def draw(rows, path):
    module = compare()
    module.install([])
    python = str(module.PEERS / "bin/python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "matplotlib"], check=True)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as data:
        json.dump(rows, data)
        data.flush()
        subprocess.run([python, "-c", PLOT, data.name, path], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goalc", default=str(ROOT / "target/release/goalc"))
    parser.add_argument("--most", type=int, default=1_000_000)
    parser.add_argument("--most-dry", type=int, default=300_000)
    parser.add_argument("--most-run", type=int, default=100_000)
    parser.add_argument("--most-items", type=int, default=1_000_000)
    parser.add_argument("--plot", default=str(ROOT / "docs/performance.svg"))
    options = parser.parse_args()
    print("| what | steps | processor seconds | peak MB | microseconds a step |\n| --- | --- | --- | --- | --- |")
    draw(measure(os.path.abspath(options.goalc), options.most, options.most_dry, options.most_run, options.most_items), options.plot)


if __name__ == "__main__":
    main()
