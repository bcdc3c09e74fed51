// Every plan of the corpus and the examples is read to its end: nothing in it is called invalid, all
// that was opened is closed, and each word of the clause table that stands in it is seen as one.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

const require = createRequire(import.meta.url);
const { INITIAL, Registry, parseRawGrammar } = require("vscode-textmate");
const oniguruma = require("vscode-oniguruma");
const root = new URL("../../../", import.meta.url);

await oniguruma.loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")).buffer);
const FILES = {
  "source.goal": new URL("../syntaxes/goal.tmLanguage.json", import.meta.url),
  "source.shell": new URL(import.meta.resolve("tm-grammars/grammars/shellscript.json")),
};
const registry = new Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async (scope) => FILES[scope] && parseRawGrammar(readFileSync(FILES[scope], "utf8"), FILES[scope].pathname),
});
const grammar = await registry.loadGrammar("source.goal");

function plans(folder) {
  return readdirSync(new URL(folder, root), { recursive: true })
    .filter((name) => name.endsWith(".goal"))
    .map((name) => new URL(`${folder}${name}`, root));
}

function read(text) {
  let stack = INITIAL;
  const tokens = [];
  for (const line of text.split("\n")) {
    const result = grammar.tokenizeLine(line, stack, 5000);
    assert.ok(!result.stoppedEarly, `too slow: ${line.slice(0, 80)}`);
    for (const token of result.tokens) tokens.push({ text: line.slice(token.startIndex, token.endIndex), scopes: token.scopes.join(" ") });
    stack = result.ruleStack;
  }
  return { tokens, depth: stack.depth };
}

for (const file of [...plans("examples/"), ...plans("tests/corpus/valid/"), ...plans("tests/corpus/run/")]) {
  test(file.pathname.slice(root.pathname.length), () => {
    const { tokens, depth } = read(readFileSync(file, "utf8"));
    assert.equal(depth, 1, "something stays open");
    // What the shell's grammar calls illegal is the shell's.
    const bad = tokens.filter((token) => /invalid\.illegal\S*\.goal/.test(token.scopes));
    assert.deepEqual(bad.map((token) => token.text), []);
    const first = file.pathname.endsWith(".test.goal") ? "storage.type.declaration.goal" : "entity.name.type.goal";
    assert.ok(tokens.some((token) => token.scopes.includes(first)));
  });
}

test("what is broken costs its own block, not the file", () => {
  const text = "goal g {\n  let a = [1, 2\n  let b = (3\n  step s {\n    run \"open\n    run \"\"\"\n    'open\n    \"\"\"\n  }\n}\n";
  assert.equal(read(text).depth, 1);
});

test("a line of 20,000 characters takes no more than seconds", () => {
  for (const piece of ["a ", "\"", "${", "[", "{ ", "run \"x\"; ", "\\", "1"]) {
    const started = process.cpuUsage();
    read(`goal g { step s { run ${piece.repeat(20_000 / piece.length)}`);
    assert.ok(process.cpuUsage(started).user < 4e6, piece);
  }
});
