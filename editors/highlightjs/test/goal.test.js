// The definition on every plan of the corpus and the examples, and on single statements.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import goal from "../goal.js";

hljs.registerLanguage("bash", bash);
hljs.registerLanguage("goal", goal);
hljs.debugMode(); // Mistakes in the definition are thrown.

const html = (text) => hljs.highlight(text, { language: "goal" }).value;
const plain = (text) => text.replace(/<[^>]*>/g, "").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&#x27;/g, "'").replace(/&amp;/g, "&");
const has = (text, ...pieces) => {
  const made = html(text);
  for (const [scope, word] of pieces) {
    const classes = scope.split(".").map((part, at) => (at ? part + "_".repeat(at) : `hljs-${part}`)).join(" ");
    assert.ok(made.includes(`<span class="${classes}">${word}</span>`), `${scope} ${word} in ${made}`);
  }
};
const hasNot = (text, scope, word) => assert.ok(!html(text).includes(`<span class="hljs-${scope}">${word}</span>`), html(text));

const root = new URL("../../../", import.meta.url);
for (const folder of ["examples/", "tests/corpus/"]) {
  for (const name of readdirSync(new URL(folder, root), { recursive: true }).filter((name) => name.endsWith(".goal"))) {
    test(folder + name, () => {
      const text = readFileSync(new URL(folder + name, root), "utf8");
      assert.equal(plain(html(text)), text);
      // All blocks are closed: what stands behind is seen as at the start.
      if (!name.includes("invalid") && folder === "examples/") assert.ok(html(`${text}\nstep tail { limits { cpu 2 } }`).endsWith('<span class="hljs-keyword">cpu</span> <span class="hljs-number">2</span> } }'));
    });
  }
}

test("declarations", () => {
  has('goal g "T" {\n  step a { run "x" }\n  param p: [int] = 3\n}', ["keyword", "goal"], ["title.class", "g"], ["title.function", "a"], ["variable", "p"], ["type", "int"], ["number", "3"]);
});
test("words of clauses are names where names stand", () => {
  hasNot("goal g { step a { depends lock, retry } }", "keyword", "lock");
  has("goal g { step lock { lock lock } }", ["title.function", "lock"], ["keyword", "lock"]);
});
test("options belong to their clause, also on the next line", () => {
  has("goal g { step a { retry 3 delay 5s on exit 75, # why\n signal\n when b } }", ["keyword", "delay"], ["number", "5s"], ["literal", "exit"], ["literal", "signal"], ["keyword", "when"]);
  hasNot("goal g { step a { when delay } }", "keyword", "delay");
});
test("probes", () => {
  has('goal g { requires { file "a"; not port 80 free; memory &gt;= 1GiB; env("X") == "y" } }'.replace("&gt;", ">"), ["built_in", "file"], ["keyword", "not"], ["keyword", "free"], ["built_in", "memory"], ["number", "1GiB"]);
  hasNot("goal g { requires { memory.x > 2 } }", "built_in", "memory");
});
test("strings, values and scripts", () => {
  has("goal g { step a { manual \"do ${if(x, 'b', c)} \\n\" } }", ["char.escape", "\\n"], ["built_in", "if"]);
  assert.match(html('goal g { step a { run """\n  if test; then echo $HOME; fi\n""" } }'), /language-bash.*hljs-keyword">if<.*hljs-built_in">echo</s);
});
test("a comment, an unclosed string and a bracket cost no more than their line or block", () => {
  has('goal g {\n  let a = "open\n  let b = 1 # why\n}', ["variable", "b"], ["comment", "# why"]);
  has("goal g {\n  step s { run [1 }\n  step t { run 'x' }\n}", ["title.function", "t"]);
});
test("scenarios", () => {
  has('goal g { }\nscenario "a" { given a fails 2 times with exit 3; given crash after b; expect not asked "x" }', ["keyword", "scenario"], ["keyword", "given"], ["keyword", "fails"], ["literal", "exit"], ["keyword", "given crash"], ["keyword", "expect not asked"]);
});
test("fragments", () => has("retry 3 delay 5s", ["keyword", "retry"], ["keyword", "delay"]));
test("nothing takes long", () => {
  for (const piece of ['"', "'", "${", "{", "[", "\\", "a ", "1", 'run "', "x"]) {
    const started = process.cpuUsage();
    html(`goal g { step a { ${piece.repeat(20_000 / piece.length)}`);
    assert.ok(process.cpuUsage(started).user < 5e6, piece);
  }
});
