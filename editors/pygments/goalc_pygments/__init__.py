"""The goal language for Pygments.

Which words are clauses depends on the block that they stand in, so each block is a state of the lexer,
and so is the rest of each statement. The words themselves are in `words.py`.
"""

import re

from pygments.lexer import RegexLexer, bygroups, default, include, using, words as one_of
from pygments.lexers.shell import BashLexer
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, Punctuation, String, Text, Whitespace

from . import words

__all__ = ["GoalLexer"]

NAME = r"[^\W\d][\w-]*"
END = r"(?![\w-])"
START = r"(?<![\w.-])"
ESCAPE = r'\\(?:[ntr\\"$]|u\{[0-9A-Fa-f]+\})'
DIGITS = r"\d[\d_]*(?:\.[\d_]+)?"
DURATION = "(?:" + "|".join(words.DURATIONS) + ")"
SIZE = "(?:" + "|".join(words.SIZES) + ")"
KINDS = {
    "declaration": Keyword.Declaration,
    "action": Keyword,
    "clause": Keyword,
    "probe": Name.Builtin,
}
NAMES = {"goal": Name.Namespace, "step": Name.Function, "fallback": Name.Function, "param": Name.Variable, "let": Name.Variable}


class _ScriptLexer(BashLexer):
    """The shell's lexer, for which a quote that is not closed is no mistake of the plan's."""

    def get_tokens_unprocessed(self, text, stack=("root",)):
        for index, token, value in super().get_tokens_unprocessed(text, stack):
            yield index, Text if token is Error else token, value


def _block(known, closing):
    """The rules of a block: each tried where a statement begins."""
    rules = [
        (r"\s+", Whitespace),
        include("comment"),
        (";", Punctuation),
        (r"\}", Punctuation, "#pop") if closing else (r"[{}]", Punctuation),
    ]
    for word, (place, row) in known.items():
        kind, state = row[0], f"{place}/{word}"
        pattern = word.replace(" ", r"[ \t]+") + END
        if word == "not":
            rules.append((pattern, Operator.Word))
        elif word in NAMES:
            rules.append((f"({pattern})([ \\t]+)({NAME})", bygroups(KINDS[kind], Whitespace, NAMES[word]), state))
            rules.append((pattern, KINDS[kind], state))
        else:
            # A probe's word before `(`, `.` or a comparison is an expression, but for `memory >=`.
            bound = ">(?!=)" if word == "memory" else ">"
            ahead = rf"(?![ \t]*(?:[(.<]|{bound}|==|!=))" if kind == "probe" else ""
            rules.append((pattern + ahead, KINDS[kind], state))
    return [*rules, (rf"({NAME})([ \t]*)(=)(?!=)", bygroups(Name.Attribute, Whitespace, Operator), "other"), default("other")]


def _statement(row):
    """The rules of what follows a clause's word."""
    _, options, values, block, script = row
    rules = [include("end")]
    rules.append((r"\{", Punctuation, f"in-{block or 'bindings'}"))
    if script:
        rules.append(include("script"))
    if options:
        rules.append((START + one_of(options).get().join(["(?:", ")"]) + END + r"(?![(.])", Keyword.Pseudo))
    if values:
        rules.append((START + one_of(values).get().join(["(?:", ")"]) + END + r"(?![(.])", Keyword.Constant))
    return [*rules, include("expression")]


def _tokens():
    fragment = {}
    tokens = {}
    for place, rows in words.PLACES.items():
        known = {word: (place, row) for word, row in rows.items()}
        tokens[f"in-{place}"] = _block(known, True)
        for word, row in rows.items():
            fragment.setdefault(word, (place, row))
            tokens[f"{place}/{word}"] = _statement(row)
    tokens["root"] = _block(fragment, False)
    tokens["other"] = _statement(["", [], [], "", ""])
    return tokens


class GoalLexer(RegexLexer):
    """Plans of goalc, whole or in pieces."""

    name = "Goal"
    aliases = ["goal"]
    filenames = ["*.goal"]
    mimetypes = ["text/x-goal"]
    flags = re.MULTILINE

    tokens = {
        **_tokens(),
        "comment": [(r"#!.*$", Comment.Hashbang), (r"#.*$", Comment.Single)],
        # A statement ends with its line, but for one that a comma or an operator carries on.
        "end": [
            (r"(,|\|\|?|&&|==|!=|<=?|>=?)(?=[ \t]*(?:#.*)?\r?$)", Operator, "carried"),
            (r"[ \t\r]+", Whitespace),
            include("comment"),
            (r"\n", Whitespace, "#pop"),
            (r"(?=[;}])", Text, "#pop"),
        ],
        "carried": [(r"\s+", Whitespace), include("comment"), default("#pop")],
        "expression": [
            (r"(:)(\s*)((?:\[\s*)*)(" + "|".join(words.TYPES) + ")" + END, bygroups(Punctuation, Whitespace, Punctuation, Keyword.Type)),
            include("string"),
            (r"[(\[]", Punctuation, "group"),
            (f"(?:{DIGITS}{DURATION})+{END}", Number),
            (DIGITS + SIZE + END, Number),
            (f"{DIGITS}%", Number),
            (rf"-?{DIGITS}{END}", Number),
            (START + "(?:" + "|".join(words.FUNCTIONS) + r")(?=\()", Name.Builtin),
            (START + "(?:" + "|".join(words.CONSTANTS) + ")" + END, Keyword.Constant),
            (START + "in" + END, Operator.Word),
            (rf"({NAME})(\?)", bygroups(Name, Operator)),
            (NAME, Name),
            (r"\.\.\.?|==|!=|<=|>=|&&|\|\||[<>!|=?]", Operator),
            (r"[,:.)\]]", Punctuation),
            (r"[^\s;}{]", Text),
        ],
        "group": [(r"[)\]]", Punctuation, "#pop"), (r"(?=[{};])", Text, "#pop"), (r"\s+", Whitespace), include("comment"), include("expression")],
        "string": [
            ('"""', String, "block"),
            (r"'''(?:[^']|'(?!''))*'''", String.Single),
            ('"', String.Double, "double"),
            (r"'[^'\n]*'?", String.Single),
        ],
        "text": [(ESCAPE, String.Escape), (r"\$\{", String.Interpol, "value"), (r"[\\$]", String.Double)],
        "double": [('"|$', String.Double, "#pop"), include("text"), (r'[^"\\$\n]+', String.Double)],
        "block": [('"""', String, "#pop"), include("text"), (r'[^"\\$]+|"', String)],
        "value": [(r"\}", String.Interpol, "#pop"), (r'(?=["\n;])', Text, "#pop"), (r"[ \t]+", Whitespace), include("expression")],
        "script": [
            (r'(""")((?:[^"\\]|\\.|\\\n|"(?!""))*)(""")', bygroups(String, using(_ScriptLexer), String)),
            (r"(''')((?:[^']|'(?!''))*)(''')", bygroups(String, using(_ScriptLexer), String)),
            (r'(")((?:[^"\\\n]|\\.)+)(")', bygroups(String.Double, using(_ScriptLexer), String.Double)),
            (r"(')([^'\n]+)(')", bygroups(String.Single, using(_ScriptLexer), String.Single)),
        ],
    }
