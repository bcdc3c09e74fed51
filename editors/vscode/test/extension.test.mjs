// What of the extension can be looked at without an editor.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

const { message, page } = createRequire(import.meta.url)("../src/page.js");
const here = new URL("../", import.meta.url);
const json = (name) => JSON.parse(readFileSync(new URL(name, here), "utf8"));

test("nothing in a drawing can run or load", () => {
  const made = page('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
  assert.match(made, /Content-Security-Policy" content="default-src 'none';/);
  assert.ok(!made.includes("<script"));
  assert.ok(!/script-src|http/.test(made.match(/content="default[^"]*"/)[0]));
});

test("what goalc says is shown as text", () => {
  const made = message(`<img src=x onerror="alert('1')">&`);
  assert.ok(made.includes("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;"));
});

test("all files that the manifest names are there, and all commands have an act", () => {
  const { contributes, main } = json("package.json");
  const files = [...contributes.grammars.map((g) => g.path), ...contributes.snippets.map((s) => s.path), contributes.languages[0].configuration];
  for (const file of files) {
    assert.ok(existsSync(new URL(file, here)), file);
    json(file);
  }
  assert.equal(main, "./dist/extension.js");
  const code = readFileSync(new URL("src/extension.js", here), "utf8");
  for (const { command } of contributes.commands) assert.ok(code.includes(`"${command}"`), command);
});

test("brackets, indentation and words are read by the editor's own engine", () => {
  const configuration = json("language-configuration.json");
  const more = new RegExp(configuration.indentationRules.increaseIndentPattern);
  const less = new RegExp(configuration.indentationRules.decreaseIndentPattern);
  for (const line of ["goal g {", "  run [", "  let a = if(", '  run """', "  step a { # why", "  } else {"]) assert.match(line, more);
  for (const line of ["step a { run \"x\" }", "# {", "  let a = [1]", "  run \"{\""]) assert.doesNotMatch(line, more);
  for (const line of ["}", "  ]", '    """', "  ) # x"]) assert.match(line, less);
  const word = new RegExp(configuration.wordPattern, "gu");
  assert.deepEqual("step run-2 設計.x über-b".match(word), ["step", "run-2", "設計", "x", "über-b"]);
});
