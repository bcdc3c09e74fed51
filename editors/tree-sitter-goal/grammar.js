/**
 * @file The goal language. What each clause takes is read from clauses.json, which is made from goalc's
 * clause table; here stand the shapes that it speaks of, expressions, strings and statements.
 *
 * A line's end closes a statement where one may end; elsewhere it is white space. So a statement
 * carries on behind commas and operators, and in groups, without a scanner of its own.
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const { places, clauses, types, functions, durations, sizes } = require("./clauses.json");

const PREC = { or: 1, and: 2, equal: 3, compare: 4, within: 5, not: 6 };
const NAME = /[\p{XID_Start}_][\p{XID_Continue}-]*/u;
const DIGITS = "[0-9][0-9_]*(\\.[0-9][0-9_]*)?";

const sep1 = (rule) => seq(rule, repeat(seq(",", rule)));
const oneOf = (rules) => (rules.length > 1 ? choice(...rules) : rules[0]);
/** The name of a clause's rule: `run` is `run_clause`, and `run_probe` as a probe. */
const ruleOf = (id) => {
  const { word, role } = clauses[id];
  const scenario = (id) => id.startsWith("scenario-");
  const alike = Object.entries(clauses).filter(([id, other]) => other.word === word && other.role !== "probe" && !scenario(id));
  const name = role === "probe" || (alike.length <= 1 && !scenario(id)) ? word : id;
  return `${name.replace(/[ -]/g, "_")}_${role === "probe" ? "probe" : "clause"}`;
};
const blockOf = (place) => `${place}_block`;

/** A shape of the clause table as a rule. */
function shape($, of) {
  if (typeof of === "string") {
    switch (of) {
      case "name": return $.identifier;
      case "reference": return $.reference;
      case "text": return $._string;
      case "expression": return $._expression;
      case "operand": return $._operand;
      case "percent": return $.percentage;
      case "type": return $._type;
      case "command": return choice($._script, $.list);
    }
  }
  if (of.words) return alias(oneOf(of.words), $.value);
  if (of.range) return of.range.single ? choice($.range, $._expression) : $.range;
  if (of["one-of"]) return oneOf(of["one-of"].map((each) => shape($, each)));
  if (of.events) {
    return choice(
      alias(oneOf(of.events), $.value),
      seq(alias(oneOf(of.bounded), $.value), ">", choice($.percentage, $._operand)),
    );
  }
  if (of.failures) {
    const code = choice($._operand, $.range);
    return choice(seq(alias(oneOf(of.failures), $.value), optional(code)), code);
  }
  throw new Error(`unknown shape ${JSON.stringify(of)}`);
}

function slot($, { count, shape: of }) {
  const rule = of === "name" ? field("name", $.identifier) : shape($, of);
  if (count === "list") return sep1(rule);
  return count === "optional" ? optional(rule) : rule;
}

/** The words before an option's values: `from json`, `version >=`, `:`, or none. */
function words($, word) {
  const named = (each) => (/^\p{L}/u.test(each) ? alias(each, $.option) : each);
  return word.split(" ").filter(Boolean).map(named);
}

function options($, { options }) {
  if (options.length === 0) return [];
  const each = options.map(({ word, slots }) => oneOfSequence([...words($, word), ...slots.map((each) => slot($, each))]));
  return [repeat(oneOf(each))];
}

const oneOfSequence = (rules) => (rules.length > 1 ? seq(...rules) : rules[0]);

function head($, { head }) {
  // `lock shared` with no name behind it is a lock of that name.
  if (head.length === 2 && head[0].shape.words && head[1].shape === "name") {
    const scope = alias(oneOf(head[0].shape.words), $.value);
    const name = (rule) => field("name", rule);
    return [choice(name($.identifier), seq(scope, name($.identifier)), name(alias(oneOf(head[0].shape.words), $.identifier)))];
  }
  return head.map((each) => slot($, each));
}

function block($, spec) {
  if (!spec.block) return [];
  const rule = field("body", $[blockOf(spec.block)]);
  return [spec["block-optional"] ? optional(rule) : rule];
}

/** A clause: its word, what it takes, and its braces. */
function clause($, spec) {
  const keyword = alias(oneOfSequence(spec.word.split(" ")), $[spec.role === "probe" ? "probe" : spec.role === "declaration" ? "declaration" : "keyword"]);
  const rest = spec["block-first"]
    ? [...head($, spec), ...block($, spec), ...options($, spec)]
    : [...head($, spec), ...options($, spec), ...block($, spec)];
  return oneOfSequence([keyword, ...rest]);
}

/** Those that are written out below, for what their specs alone do not say. */
const OWN = ["file-goal", "goal-goal", "step", "fallback", "param", "let", "expression", "not", "scenario", "given", "expect"];

const made = {};
for (const [id, spec] of Object.entries(clauses)) {
  if (!OWN.includes(id)) made[ruleOf(id)] = ($) => clause($, spec);
}
for (const [place, ids] of Object.entries(places)) {
  if (place === "file") continue;
  made[blockOf(place)] = ($) => {
    const statements = ids.filter((id) => !OWN.includes(id)).map((id) => $[ruleOf(id)]);
    for (const own of ["step", "fallback", "param", "let"]) if (ids.includes(own)) statements.push($[own]);
    if (ids.includes("goal-goal")) statements.push($.goal, $.mount);
    if (place === "scenario") statements.push($.given_clause, $.expect_clause);
    if (place === "mount" || place === "bindings") statements.push($.binding);
    if (place === "probes") statements.push($.expression_probe, $.negated_probe);
    return body($, oneOf(statements));
  };
}

const body = ($, statement) => seq("{", repeat($._end), optional(seq(statement, repeat(seq(repeat1($._end), statement)), repeat($._end))), "}");

const probes = places.probes.filter((id) => !OWN.includes(id));
/** Words that are something else where an expression may begin, and names all the same. */
const known = [...new Set([...probes.map((id) => clauses[id].word), ...functions])];

module.exports = grammar({
  name: "goal",

  extras: ($) => [/[ \t\r\n\uFEFF]/, $.comment],

  word: ($) => $.identifier,

  conflicts: ($) => [
    [$.given_crash_clause, $._machine_word],
    [$.given_stop_clause, $._machine_word],
  ],

  rules: {
    source_file: ($) => repeat(choice($._end, $.goal, $.scenario)),

    _end: (_) => choice("\n", ";"),

    comment: (_) => token(prec(-1, /#[^\n]*/)),

    goal: ($) => seq(alias("goal", $.declaration), field("name", $.identifier), optional(field("title", $._string)), field("body", $.goal_block)),

    mount: ($) => seq(alias("goal", $.declaration), field("name", $.identifier), alias("from", $.option), field("file", $._string), optional(field("body", $.mount_block))),

    step: ($) => seq(alias("step", $.declaration), field("name", $.identifier), optional(field("title", $._string)), field("body", $.step_block)),

    fallback: ($) => seq(alias("fallback", $.keyword), optional(field("name", $.identifier)), field("body", $.fallback_block)),

    param: ($) => seq(alias("param", $.declaration), field("name", $.identifier), ...options($, clauses.param)),

    let: ($) => seq(alias("let", $.declaration), field("name", $.identifier), ...options($, clauses.let)),

    scenario: ($) => seq(alias("scenario", $.declaration), field("name", $._string), field("body", $.scenario_block)),

    // `given crash after a` is about the machine, `given crash fails` about a step of that name.
    given_clause: ($) => seq(alias("given", $.keyword), choice($.reference, alias($._machine_word, $.reference)), ...options($, clauses.given)),
    expect_clause: ($) => seq(alias("expect", $.keyword), choice($.reference, alias($._asked_word, $.reference)), ...options($, clauses.expect)),

    _machine_word: ($) => prec.dynamic(-1, seq(alias(choice("crash", "stop"), $.identifier), repeat(seq(token.immediate("."), alias(token.immediate(NAME), $.property))))),
    _asked_word: ($) => prec.dynamic(-1, seq(alias(choice("asked", "not"), $.identifier), repeat(seq(token.immediate("."), alias(token.immediate(NAME), $.property))))),

    binding: ($) => seq(field("name", $.identifier), "=", field("value", $._expression)),

    expression_probe: ($) => $._expression,

    negated_probe: ($) => seq(alias("not", $.keyword), choice(...probes.map((id) => $[ruleOf(id)]), $.expression_probe, $.negated_probe)),

    ...made,

    // Types

    _type: ($) => choice($.type, $.list_type, $.choice_type),
    type: (_) => choice(...types),
    list_type: ($) => seq("[", $._type, optional(","), "]"),
    choice_type: ($) => prec.left(seq($._string, repeat(seq("|", $._string)))),

    // Expressions

    _expression: ($) => choice($.binary_expression, $._operand),

    binary_expression: ($) => {
      const row = (level, ...operators) => prec.left(level, seq(field("left", $._expression), field("operator", oneOf(operators)), field("right", $._expression)));
      return choice(
        row(PREC.or, "||"),
        row(PREC.and, "&&"),
        row(PREC.equal, "==", "!="),
        row(PREC.compare, "<", "<=", ">", ">="),
        row(PREC.within, "in"),
      );
    },

    _operand: ($) => choice($.unary_expression, $.call, $.list, $.parenthesized_expression, $.reference, alias($._known_name, $.reference), $.boolean, $._number, $._string),

    unary_expression: ($) => prec(PREC.not, seq("!", $._operand)),

    call: ($) => seq(field("function", choice(alias(oneOf(functions), $.builtin), $.identifier)), token.immediate(prec(1, "(")), optional(seq(sep1($._item), optional(","))), ")"),

    list: ($) => seq("[", optional(seq(sep1($._item), optional(","))), "]"),

    _item: ($) => choice($._expression, $.spread),
    spread: ($) => seq("...", $._operand),

    parenthesized_expression: ($) => seq("(", $._expression, ")"),

    range: ($) => seq($._operand, "..", $._operand),

    reference: ($) => seq($.identifier, repeat(seq(token.immediate("."), alias(token.immediate(NAME), $.property))), optional(alias(token.immediate("?"), $.optional))),

    // A probe's word before `.` or an operator is a name, but for `memory >=`; a function's where no `(` follows.
    _known_name: ($) => prec(-1, seq(alias(oneOf(known), $.identifier), repeat(seq(token.immediate("."), alias(token.immediate(NAME), $.property))))),

    identifier: (_) => NAME,

    boolean: (_) => choice("true", "false"),

    // Numbers

    _number: ($) => choice($.number, $.duration, $.size),
    number: (_) => token(new RegExp(`-?${DIGITS}`)),
    duration: (_) => token(new RegExp(`(${DIGITS}(${durations.join("|")}))+`)),
    size: (_) => token(new RegExp(`${DIGITS}(${sizes.join("|")})`)),
    percentage: (_) => token(new RegExp(`${DIGITS}%`)),

    // Strings

    _string: ($) => choice($.string, $.raw_string, $.block_string, $.raw_block_string),

    string: ($) => seq('"', repeat(choice($._text, $.escape_sequence, $.interpolation)), token.immediate('"')),

    block_string: ($) => seq('"""', repeat(choice($._block_text, $.escape_sequence, $.interpolation)), token.immediate(prec(3, '"""'))),

    raw_string: (_) => token(seq("'", /[^'\n]*/, "'")),

    raw_block_string: (_) => token(seq("'''", repeat(choice(/[^']/, /'[^']/, /''[^']/)), "'''")),

    _text: (_) => token.immediate(prec(2, choice(/[^"\\$\n]+/, "$"))),
    _block_text: (_) => token.immediate(prec(2, choice(/[^"\\$]+/, "$", '"', '""'))),

    escape_sequence: (_) => token.immediate(prec(2, choice(/\\u\{[0-9a-fA-F]+\}/, /\\[^u\n]/, /\\u/))),

    interpolation: ($) => seq(alias(token.immediate(prec(3, "${")), "${"), $._expression, "}"),

    // A script is one text for whoever reads the shell, with the values in it that goalc may set.

    _script: ($) => choice($.script, $.block_script, $.raw_script, $.raw_block_script),

    script: ($) => seq('"', optional(alias($._script_content, $.script_content)), token.immediate('"')),
    _script_content: ($) => repeat1(choice($._text, $.escape_sequence, alias($._script_value, $.interpolation))),

    block_script: ($) => seq('"""', optional(alias($._block_script_content, $.script_content)), token.immediate(prec(3, '"""'))),
    _block_script_content: ($) => repeat1(choice($._block_text, $.escape_sequence, alias($._script_value, $.interpolation))),

    _script_value: ($) => seq(alias(token.immediate(prec(4, new RegExp(`\\$\\{[\\p{XID_Start}_][\\p{XID_Continue}-]*(\\.[\\p{XID_Start}_][\\p{XID_Continue}-]*)*\\}`, "u"))), $.script_reference)),

    raw_script: ($) => seq("'", optional(alias(token.immediate(prec(2, /[^'\n]+/)), $.script_content)), token.immediate("'")),

    raw_block_script: ($) => seq("'''", optional(alias($._raw_block_text, $.script_content)), token.immediate(prec(3, "'''"))),
    _raw_block_text: (_) => repeat1(token.immediate(prec(2, choice(/[^']+/, "'", "''")))),
  },
});
