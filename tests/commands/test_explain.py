"""`refnet explain`: the finding's explanations in words, ranked."""

import json

from verification.campaign import apart, implementation, usable
from verification.commands.validate import argnums_of
from verification.vocabulary import Explanation, Finding, Verdict

TOLD = Explanation(
    kind="edge", term="operand 0 of `+`", mistake="averaged over the batch", location="net.py:31",
    source="    z = x @ w + b", residual=0.2,
)  # fmt: skip


def finding(verdict: Verdict, *explanation: Explanation) -> Finding:
    return Finding(
        "g", "float64", verdict, "why", {}, None, 1, 0, "ball", explanation=explanation
    )  # fmt: skip


def answers(monkeypatch, found: Finding):
    monkeypatch.setattr(usable, "check", lambda one: None)
    monkeypatch.setattr(implementation, "row", lambda found, one: json.loads(found.to_json()))
    monkeypatch.setattr(apart, "judged", lambda *asked: found)


ASKED = "explain", "net.py:g", "--of", "net.py:loss", "--args", "net.py:sample"


def test_every_explanation_is_printed_in_its_order(refnet, monkeypatch):
    answers(monkeypatch, finding(Verdict.WRONG, TOLD, TOLD))
    status, out, err = refnet(*ASKED)

    assert (status, err) == (1, "")
    assert out.splitlines()[0] == "WRONG  operand 0 of `+`: averaged over the batch   net.py:31"
    assert "31 | z = x @ w + b" in out
    assert "or: net.py:31: operand 0 of `+`" in out


def test_what_is_not_explained_is_said(refnet, monkeypatch):
    answers(monkeypatch, finding(Verdict.WRONG))
    assert "no known mistake explains it" in refnet(*ASKED)[1]
    answers(monkeypatch, finding(Verdict.CORRECT))
    status, out, _ = refnet(*ASKED)
    assert status == 0 and out.startswith("CORRECT  within rounding at the one case\n")


def test_it_takes_the_mistakes_of_validate(refnet):
    status, out, err = refnet("explain", "net.py:g")

    assert (status, out) == (2, "")
    assert "--of is missing" in err
    assert argnums_of("0, 2") == (0, 2)
    assert argnums_of("w") == "w" and argnums_of("w, 2") == ("w", 2) and argnums_of("-1") == -1


def test_its_help_names_no_option_that_it_has_not(refnet):
    status, out, _ = refnet("explain", "--help")

    assert status == 0
    assert "The gradient to explain" in out
    assert "--update" not in out


def test_other_derivatives_and_a_time_limit_are_explained_too(refnet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "second.py").write_text(
        "import jax.numpy as jnp\n"
        "def loss(w): return jnp.sum(w**3)\n"
        "def hessian(w): return jnp.diag(3 * w)\n"
        "def sample(rng): return (rng.normal(size=2),)\n"
    )
    ask = ["explain", "second.py:hessian", "--of", "second.py:loss", "--args", "second.py:sample"]
    status, out, _ = refnet(*ask, "--order", "2", "--cases", "2", "--seconds", "60")
    assert status == 1 and out.startswith("WRONG  ") and "2x too small" in out
    assert refnet(*ask, "--seconds", "-1")[0] == 2
    assert refnet(*ask, "--order", "4")[0] == 2
