// The goalc program: where it is, and what it answers. Arguments are never joined to a command line.

const { execFile } = require("node:child_process");
const vscode = require("vscode");

const MOST = 64 * 1024 * 1024;
const LONGEST = 30_000;

function program() {
  return vscode.workspace.getConfiguration("goalc").get("path")?.trim() || "goalc";
}

function missing(name) {
  return `${name} was not found. Install goalc, or say where it is in the setting goalc.path.`;
}

/** Runs goalc, and gives what it printed; never throws. */
function probe(name, args, cwd) {
  return new Promise((resolve) => {
    const options = { cwd, timeout: LONGEST, maxBuffer: MOST, env: { ...process.env, NO_COLOR: "1" } };
    execFile(name, args, options, (error, out, err) => {
      const why = err.trim() || error?.message || "";
      resolve({ ok: !error, missing: error?.code === "ENOENT" || error?.code === "EACCES", out, why });
    });
  });
}

module.exports = { program, missing, probe };
