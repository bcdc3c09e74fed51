"""The lexer on every plan of the corpus and the examples, and on what is broken."""

import pathlib
import time
import unittest

from goalc_pygments import GoalLexer
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, String

ROOT = pathlib.Path(__file__).resolve().parents[3]
# A folder `.goal` is the state of a run.
PLANS = [plan for folder in ("examples", "tests/corpus") for plan in ROOT.glob(f"{folder}/**/*.goal") if plan.is_file()]


def tokens(text):
    return list(GoalLexer(stripnl=False, ensurenl=False).get_tokens(text))


def kind(text, value, nth=1):
    found = [token for token, piece in tokens(text) if piece == value]
    return found[nth - 1]


class Plans(unittest.TestCase):
    def test_there_are_plans(self):
        self.assertGreater(len(PLANS), 100)

    def test_every_character_comes_out_again(self):
        for plan in PLANS:
            text = plan.read_text(encoding="utf-8")
            self.assertEqual("".join(piece for _, piece in tokens(text)), text.replace("\r\n", "\n").lstrip("\ufeff"), plan)

    def test_sound_plans_have_no_error(self):
        for plan in PLANS:
            if "invalid" not in plan.parts:
                bad = [piece for token, piece in tokens(plan.read_text(encoding="utf-8")) if token is Error]
                self.assertEqual(bad, [], plan)

    def test_blocks_are_closed(self):
        for plan in PLANS:
            if "invalid" not in plan.parts:
                text = plan.read_text(encoding="utf-8") + "\nstep tail { limits { cpu 2 } }"
                self.assertEqual([t for t, piece in tokens(text) if piece in ("tail", "cpu")][-2:], [Name.Function, Keyword], plan)


class Words(unittest.TestCase):
    def test_names_of_what_is_declared(self):
        text = 'goal g { step a "T" { run ["x"] }; param p: [int] = 3; let l = 4 }'
        self.assertEqual([kind(text, name) for name in "gapl"], [Name.Namespace, Name.Function, Name.Variable, Name.Variable])
        self.assertEqual([kind(text, word) for word in ("step", "run", "int", "3")], [Keyword.Declaration, Keyword, Keyword.Type, Number])

    def test_words_of_clauses_are_names_where_names_stand(self):
        text = "goal g { step run { depends lock, step; lock lock } }"
        self.assertEqual([kind(text, "lock", nth) for nth in (1, 2, 3)], [Name, Keyword, Name])
        self.assertEqual(kind(text, "run"), Name.Function)

    def test_options_belong_to_their_clause(self):
        text = "goal g { step a { retry 3 delay 5s on exit 75,\n signal\n when delay } }"
        self.assertEqual([kind(text, "delay", nth) for nth in (1, 2)], [Keyword.Pseudo, Name])
        self.assertEqual([kind(text, word) for word in ("exit", "signal", "when")], [Keyword.Constant, Keyword.Constant, Keyword])

    def test_probes(self):
        text = 'goal g { requires { file "a"; not port 80 free; memory >= 1GiB; memory.x > 2; env("X") == "y" } }'
        self.assertEqual([kind(text, word) for word in ("file", "not", "port", "free", "memory")], [Name.Builtin, Operator.Word, Name.Builtin, Keyword.Pseudo, Name.Builtin])
        self.assertEqual(kind(text, "memory", 2), Name)

    def test_strings_and_scripts(self):
        text = "goal g { step a { manual \"do ${x.y} \\n\"; run \"if test; then echo $HOME; fi\"; dir 'p' } }"
        self.assertEqual([kind(text, word) for word in ("${", "\\n", "x", "'p'")], [String.Interpol, String.Escape, Name, String.Single])
        self.assertEqual([kind(text, word) for word in ("if", "echo", "$HOME")], [Keyword, Name.Builtin, Name.Variable])

    def test_a_script_that_is_none_is_no_error(self):
        text = "step a { run \"echo 'it # it's\"; run \"\"\"\n it's\n\"\"\" }"
        self.assertNotIn(Error, [token for token, _ in tokens(text)])

    def test_fragments(self):
        self.assertEqual(kind("step a { run 'x' }", "a"), Name.Function)
        self.assertEqual(kind("retry 3 delay 5s", "delay"), Keyword.Pseudo)

    def test_scenarios(self):
        text = 'scenario "a" { given a fails 2 times with exit 3; given crash after b; expect not asked "x"; expect a failed }'
        self.assertEqual([kind(text, word) for word in ("scenario", "given", "fails", "exit", "given crash", "expect not asked")],
                         [Keyword.Declaration, Keyword, Keyword.Pseudo, Keyword.Constant, Keyword, Keyword])

    def test_comments(self):
        self.assertEqual(kind("#!/usr/bin/env -S goalc run\n", "#!/usr/bin/env -S goalc run"), Comment.Hashbang)
        self.assertEqual(kind("let a = b && # why\n  c\nlet d = 1", "# why"), Comment.Single)
        self.assertEqual(kind("let a = b && # why\n  c\nlet d = 1", "let", 2), Keyword.Declaration)

    def test_an_unclosed_string_costs_its_line(self):
        self.assertEqual(kind('goal g {\n let a = "x\n let b = 1\n}', "let", 2), Keyword.Declaration)


class Time(unittest.TestCase):
    def test_nothing_takes_long(self):
        for piece in ('"', "'", '"""', "'''", "${", "{", "[", "\\", "a ", "1", 'run "', "run '''", "run \"\"\"a\\"):
            started = time.process_time()
            tokens("goal g { step a { " + piece * (20_000 // len(piece)))
            self.assertLess(time.process_time() - started, 5, piece)


if __name__ == "__main__":
    unittest.main()
