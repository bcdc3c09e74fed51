// Every snippet, filled in, is a plan that goalc takes. Needs goalc in GOALC.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const snippets = JSON.parse(readFileSync(new URL("../snippets/goal.json", import.meta.url)));
const goalc = process.env.GOALC;

/** What an editor makes of it when all is left as it stands. */
function filled(body) {
  let text = [body].flat().join("\n").replace(/\\\$/g, "\u0001");
  const named = {};
  for (let before = ""; before !== text; ) {
    before = text;
    text = text.replace(/\$\{(\d):([^${}]*)\}/g, (_, n, value) => (named[n] = value));
    text = text.replace(/\$\{(\d)\|([^,|]*)[^|]*\|\}/g, (_, n, value) => (named[n] = value));
    text = text.replace(/\$\{(\d)\}/g, (whole, n) => named[n] ?? whole);
  }
  // What is in braces of the language itself.
  text = text.replace(/\$\{(\d):((?:[^{}]|\{[^{}]*\})*)\}/g, (_, n, value) => value);
  return text.replace(/"\$\d"/g, '"true"').replace(/^\s*\$\d\s*$/gm, "true").replace(/\$\d/g, "").replaceAll("\u0001", "$");
}

const WHOLE = ["goal"];
const BESIDE = ["scenario"];
const IN_GOAL = ["step", "stepb", "manual", "foreach", "await", "service", "param", "secret", "let", "mount", "requires", "alert"];

function plan(prefix, text) {
  if (WHOLE.includes(prefix)) return text.replace(/\n\s*true\n/, "\n");
  if (BESIDE.includes(prefix)) return `goal g {\nstep s { run "true" }\n}\n${text}\n`;
  if (IN_GOAL.includes(prefix)) return `goal g {\n${text.replace(/\n\s*true\n/, prefix === "stepb" ? "$&" : "\n")}\n}\n`;
  return `goal g {\nstep s {\nrun "true"\n${text}\n}\n}\n`;
}

for (const [name, { prefix, body, description }] of Object.entries(snippets)) {
  test(name, { skip: goalc ? false : "GOALC is not set" }, () => {
    assert.ok(description);
    const folder = mkdtempSync(join(tmpdir(), "goal-snippet-"));
    try {
      writeFileSync(join(folder, "other.goal"), 'goal other { param param: string; step s { run ["echo", param] } }\n');
      const text = plan(prefix, filled(body));
      writeFileSync(join(folder, "plan.goal"), text);
      let out;
      try {
        out = execFileSync(goalc, ["check", "--format", "json", join(folder, "plan.goal")], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
      } catch (error) {
        out = error.stdout;
      }
      const errors = JSON.parse(out).diagnostics.filter((each) => each.severity === "error");
      assert.deepEqual(errors.map((each) => each.message), [], text);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
