"""`refnet validate`: verdict, words and files; every mistake in a user's file is one sentence."""

import json
from importlib import import_module
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console
from rich.text import Text

from verification.commands import shown
from verification.report.findings.writing import validate

TEXT = '''"""A neuron by hand."""
import jax.numpy as jnp
import numpy as np


def loss(w, x):
    return jnp.mean((x @ w) ** 2)


def gradient(w, x):
    return 2 * x.T @ (x @ w) / len(x)


def summed(w, x):
    return 2 * x.T @ (x @ w)


def raising(w, x):
    raise RuntimeError("[bold]no[/bold] answer")


def sample(rng):
    return rng.normal(size=3), rng.normal(size=(5, 3))


def array(w, x):
    return jnp.tanh(x @ w)


def broken(w, x):
    return undefined_name


def listed(rng):
    return {"w": rng.normal(size=3)}


def failing(rng):
    raise KeyError("weights")


def short(w):
    return w


def product(w, x):
    return jnp.prod(w)


def divides(w, x):
    return np.prod(w) / w


def alone():
    return (1.0,)


def integers(rng):
    return np.arange(3), rng.normal(size=(5, 3))


number = 3.0
'''


@pytest.fixture(autouse=True)
def theirs(folder):
    """Somebody's files, where we work."""
    (folder / "mine.py").write_text(TEXT)
    (folder / "syntax.py").write_text("def gradient(w, x:\n    return w\n")
    (folder / "absent.py").write_text("import not_there\n")


def asked(gradient="mine.py:gradient", *options, of="mine.py:loss", args="mine.py:sample"):
    return "validate", gradient, "--of", of, "--args", args, "--cases", "2", *options


def test_a_right_gradient_ends_in_status_0_and_says_what_would_have_been_seen(refnet, folder):
    status, out, err = refnet(*asked())

    assert (status, err) == (0, "")
    assert out.startswith("CORRECT  within rounding at all 2 cases   mine.py:10\n")
    assert "would have been seen: an error of one entry" in out and "\x1b" not in out


def test_a_wrong_one_ends_in_status_1_and_what_it_says_to_run_says_the_same(refnet, folder):
    status, out, _ = refnet(*asked("mine.py:summed"))
    again = out.rstrip().splitlines()[-1].split()

    assert status == 1
    assert out.startswith("WRONG  ") and "summed in float64, mine.py:14; 2 cases" in out
    assert refnet(*again[1:]) == (1, out, "")


def test_an_exception_in_the_gradient_is_a_finding_and_its_words_are_no_markup(refnet, folder):
    status, out, err = refnet(*asked("mine.py:raising"))

    assert (status, err) == (1, "")
    assert out.startswith("REJECTED") and "RuntimeError: [bold]no[/bold] answer" in out


def test_edges_decide_where_the_option_says(refnet, folder):
    words = asked("mine.py:divides", of="mine.py:product")
    status, out, _ = refnet(*words)
    assert status == 1 and out.startswith("REJECTED") and "divides in float64" in out

    status, out, _ = refnet(*words, "--edges", "note")
    assert status == 0 and 'by edges="note"' in out

    status, _, err = refnet(*words, "--edges", "nowhere")
    assert status == 2 and "unknown value of --edges 'nowhere'" in err
    assert "Traceback" not in err


def test_several_dtypes_are_a_list_in_json_and_one_is_an_object(refnet, folder):
    refnet(*asked("mine.py:summed", "--json", "one.json"))
    files = "--json", "two.json", "--junit", "two.xml", "--sarif", "two.sarif"
    dtypes = "--dtype", "float32", "--dtype", "float64"
    status, *_ = refnet(*asked("mine.py:summed", *dtypes, *files))
    one, two = (json.loads(Path(f"{name}.json").read_text()) for name in ("one", "two"))

    assert status == 1
    validate([one, *two])
    assert [row["dtype"] for row in two] == ["float32", "float64"]
    assert two[1] == one
    cases = ElementTree.parse("two.xml").findall(".//testcase[failure]")
    assert [(case.get("file"), case.get("line")) for case in cases] == [("mine.py", "14")] * 2
    results = json.loads(Path("two.sarif").read_text())["runs"][0]["results"]
    assert len(results) == 2
    assert sorted(p.name for p in folder.iterdir() if p.suffix == ".part") == []


def test_a_derivation_of_ours_stands_for_of_and_args(refnet, folder):
    (folder / "port.py").write_text(
        "def mse(p, t):\n    d = 2 * (p - t) / p.size\n    return d, -d\n"
    )
    status, out, _ = refnet("validate", "port.py:mse", "--against", "mse", "--cases", "2")

    assert status == 0 and out.startswith("CORRECT  ") and "mse of mse in float64, port.py:1" in out


MISTAKES = {
    "nothing": (("validate",), ("nothing to judge", "FILE.py:GRADIENT")),
    "no of": (("validate", "mine.py:gradient"), ("mine.py:gradient", "--of is missing")),
    "no args": (
        ("validate", "mine.py:gradient", "--of", "mine.py:loss"),
        ("--args is missing", "--args FILE.py:SAMPLE"),
    ),
    "both": (asked("mine.py:gradient", "--process", "./a"), ("--process is './a'", "leave one")),
    "of and against": (asked("mine.py:gradient", "--against", "mse"), ("'mse'", "--of is")),
    "no against": (("validate", "--process", "./a"), ("'./a'", "--against is missing")),
    "a limit": (asked("mine.py:gradient", "--memory", "3"), ("--memory is '3", "leave one")),
    "no such file": (asked("mime.py:gradient"), ("mime.py", "did you mean mine.py?")),
    "missing function": (asked("mine.py:gradiant"), ("'gradiant'", "did you mean 'gradient'?")),
    "missing of": (asked(of="mine.py:los"), ("--of: mine.py", "did you mean 'loss'?")),
    "missing sampler": (asked(args="mine.py:sampel"), ("--args: mine.py", "'sample'")),
    "not callable": (asked("mine.py:number"), ("number is of type float", "give a function")),
    "syntax": (asked("syntax.py:gradient"), ("syntax.py", "line 1", "fix it")),
    "import": (asked("absent.py:gradient"), ("absent.py", "'not_there'", "line 1")),
    "of raises": (asked(of="mine.py:broken"), ("mine.py:broken raised NameError", "line 31")),
    "sampler raises": (asked(args="mine.py:failing"), ("mine.py:failing raised KeyError", "39")),
    "no tuple": (asked(args="mine.py:listed"), ("mine.py:listed returns dict; return the tuple",)),
    "arity": (
        asked("mine.py:short"),
        ("mine.py:short takes 1 argument,", "2 arguments of mine.py:sample"),
    ),
    "arity of an array's": (
        asked(of="mine.py:array"),
        ("mine.py:gradient takes 2 arguments", "and the cotangent"),
    ),
    "arity of of": (asked(of="mine.py:short"), ("mine.py:short takes 1", "returns 2 arguments")),
    "arity of the sampler": (asked(args="mine.py:alone"), ("mine.py:alone takes 0", "generator")),
    "argnums": (asked("mine.py:gradient", "--argnums", "7"), ("argnums is 7", "2 arguments")),
    "argnums' words": (
        asked("mine.py:gradient", "--argnums", "w;b"),
        ("--argnums is 'w;b'", "w,b"),
    ),
    "argnums' names": (
        asked("mine.py:gradient", "--argnums", "u"),
        ("argnums is 'u'", "2 arguments"),
    ),
    "integers": (asked(args="mine.py:integers"), ("argnums is 0", "draw floats")),
    "dtype": (asked("mine.py:gradient", "--dtype", "float23"), ("did you mean 'float32'?",)),
    "cases": (
        (
            "validate",
            "mine.py:gradient",
            "--of",
            "mine.py:loss",
            "--args",
            "mine.py:sample",
            "--cases",
            "0",
        ),
        ("--cases is 0",),
    ),  # fmt: skip
    "seed": (asked("mine.py:gradient", "--seed", "-1"), ("--seed is -1",)),
    "file": (asked("mine.py:gradient", "--sarif", "none/such"), ("--sarif", "does not exist")),
    "no program": (
        ("validate", "--process", "./nothing at", "--against", "mse"),
        ("'./nothing at'", "no program './nothing'"),
    ),
    "a quotation": (("validate", "--process", "a 'b", "--against", "mse"), ("no closing quot",)),
    "no such derivation": (
        ("validate", "--process", "cat", "--against", "msee"),
        ("'msee'", "did you mean 'mse'?"),
    ),
    "derivation": (
        ("validate", "mine.py:gradient", "--against", "msee"),
        ("'msee'", "did you mean 'mse'?"),
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_users_file_is_one_sentence(refnet, folder, name):
    arguments, words = MISTAKES[name]
    status, out, err = refnet(*arguments)

    assert (status, out) == (2, "")
    assert err.startswith("refnet: ") and err.count("\n") == 1 and "Traceback" not in err
    assert [word for word in words if word not in err] == []


def test_debug_shows_where_the_file_failed(refnet, folder):
    status, _, err = refnet(*asked(of="mine.py:broken"), "--debug")

    assert status == 2
    assert "Traceback" in err and "undefined_name" in err


def test_a_fault_of_ours_is_not_the_users(refnet, folder, monkeypatch):
    def fails(*arguments, **options):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(import_module("verification.judgement.validate"), "validate", fails)
    assert refnet(*asked())[0] == 70


def test_on_a_terminal_of_80_columns_nothing_is_cut_and_the_verdict_has_its_colour(
    refnet, folder, monkeypatch
):
    screen = StringIO()
    terminal = Console(file=screen, force_terminal=True, width=80, highlight=False)
    monkeypatch.setattr(shown, "console", lambda: terminal)
    refnet(*asked("mine.py:raising"))
    plain = Text.from_ansi(screen.getvalue()).plain
    *lines, again = plain.splitlines()

    assert "\x1b[1;31mREJECTED" in screen.getvalue()
    assert max(map(len, lines)) <= 80
    assert "RuntimeError: [bold]no[/bold] answer" in " ".join(plain.split())
    assert again.endswith("--seed 0")  # in one piece, to be copied


def test_arguments_are_known_by_name(refnet):
    said = refnet(*asked("mine.py:summed", "--argnums", "w"))

    assert refnet(*asked("mine.py:gradient", "--argnums", "w"))[0] == 0
    assert said[0] == 1 and "--argnums w" in said[1]
