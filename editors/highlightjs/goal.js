// The goal language for highlight.js.
//
// Which words are clauses depends on the block that they stand in, so each block is a mode, and so is
// each statement. The words themselves are in words.js.

import { CONSTANTS, DURATIONS, FUNCTIONS, PLACES, SIZES, TYPES } from "./words.js";

const NAME = "[\\p{L}\\p{Nl}_][\\p{L}\\p{M}\\p{N}_-]*";
const END = "(?![\\p{L}\\p{M}\\p{N}_-])";
const START = "(?<![\\p{L}\\p{M}\\p{N}_.-])";
const DIGITS = "[0-9][0-9_]*(?:\\.[0-9_]+)?";
const oneOf = (words) => `(?:${words.join("|")})`;

const TITLES = { goal: "title.class", step: "title.function", fallback: "title.function", param: "variable", let: "variable" };

/** @type {import("highlight.js").LanguageFn} */
export default function goal(hljs) {
  const COMMENT = { scope: "comment", begin: "#", end: "$" };
  const ESCAPE = { scope: "char.escape", match: '\\\\(?:[ntr\\\\"$]|u\\{[0-9A-Fa-f]+\\})' };
  const VALUE = { scope: "subst", begin: "\\$\\{", end: '\\}|(?=["\\n])' };
  const STRINGS = [
    { scope: "string", begin: '"""', end: '"""', contains: [ESCAPE, { ...VALUE, end: "\\}" }] },
    { scope: "string", begin: "'''", end: "'''" },
    { scope: "string", begin: '"', end: '"|$', contains: [ESCAPE, VALUE] },
    { scope: "string", begin: "'", end: "'|$" },
  ];
  const script = (begin, end, contains) => ({ begin, end, beginScope: "string", endScope: "string", contains, subLanguage: "bash" });
  const SCRIPTS = [
    script('"""', '"""', [ESCAPE]),
    script("'''", "'''", []),
    script('"', '"|$', [ESCAPE]),
    script("'", "'|$", []),
  ];
  const NUMBERS = [`(?:${DIGITS}${oneOf(DURATIONS)})+${END}`, `${DIGITS}${oneOf(SIZES)}${END}`, `${DIGITS}%`, `(?:(?<![\\p{L}\\p{M}\\p{N}_)\\]-])-)?${DIGITS}${END}`];
  const GROUP = { variants: [{ begin: "\\(", end: "\\)|(?=[{};])" }, { begin: "\\[", end: "\\]|(?=[{};])" }] };
  const EXPRESSION = [
    ...STRINGS,
    GROUP,
    ...NUMBERS.map((match) => ({ scope: "number", match: `(?<![\\p{L}\\p{M}\\p{N}_])${match}` })),
    { scope: "built_in", match: `${START}${oneOf(FUNCTIONS)}(?=\\()` },
    { scope: "literal", match: `${START}${oneOf(CONSTANTS)}${END}` },
    { scope: "keyword", match: `${START}in${END}` },
    // What else is a name: no number may begin within one.
    { match: NAME },
  ];
  GROUP.contains = [COMMENT, ...EXPRESSION];
  for (const text of STRINGS) for (const inner of text.contains ?? []) if (inner.scope === "subst") inner.contains = EXPRESSION;

  const CARRY = { begin: "(?:,|\\|\\|?|&&|==|!=|<=?|>=?)(?=[ \\t]*(?:#.*)?$)", end: "(?=[^\\s#])", contains: [COMMENT] };
  const TYPE = { begin: [":", "\\s*(?:\\[\\s*)*", `${oneOf(TYPES)}${END}`], beginScope: { 3: "type" } };

  const blocks = Object.fromEntries(Object.keys(PLACES).map((place) => [place, { begin: "\\{", end: "\\}" }]));

  function statement([kind, options, values, block, script], begin) {
    const word = (words, scope) => (words.length ? [{ scope, match: `${START}${oneOf(words)}${END}(?![(.])` }] : []);
    return {
      ...begin,
      end: "(?=[;}])|$",
      contains: [
        COMMENT,
        CARRY,
        blocks[block || "bindings"],
        ...(script ? SCRIPTS : []),
        ...(kind === "declaration" || kind === "clause" ? [TYPE] : []),
        ...word(options, "keyword"),
        ...word(values, "literal"),
        ...EXPRESSION,
      ],
    };
  }

  /** A clause: its word, and the name that it declares. */
  function clause(word, row) {
    const scope = row[0] === "probe" ? "built_in" : "keyword";
    const pattern = word.replace(" ", "\\s+") + END;
    if (word === "not") return [{ scope: "keyword", match: pattern }];
    const plain = statement(row, { begin: [pattern + ahead(word, row)], beginScope: { 1: scope } });
    if (!TITLES[word]) return [plain];
    const named = { begin: [pattern, "[ \\t]+", NAME], beginScope: { 1: scope, 3: TITLES[word] } };
    return [statement(row, named), plain];
  }

  /** A probe's word before `(`, `.` or a comparison is an expression, but for `memory >=`. */
  function ahead(word, [kind]) {
    if (kind !== "probe") return "";
    return `(?![ \\t]*(?:[(.<]|==|!=|>${word === "memory" ? "(?!=)" : ""}))`;
  }

  function statements(rows) {
    const other = ["", [], [], "", ""];
    return [
      COMMENT,
      ...Object.entries(rows).flatMap(([word, row]) => clause(word, row)),
      statement(other, { begin: [NAME, "[ \\t]*=(?!=)"], beginScope: { 1: "attr" } }),
      statement(other, { begin: `${NAME}(?!\\()` }),
      ...EXPRESSION,
    ];
  }

  for (const [place, rows] of Object.entries(PLACES)) blocks[place].contains = statements(rows);
  const fragment = Object.assign({}, ...Object.values(PLACES).reverse());

  return { name: "Goal", aliases: ["goal"], unicodeRegex: true, contains: [hljs.SHEBANG({ binary: "goalc" }), ...statements(fragment)] };
}
