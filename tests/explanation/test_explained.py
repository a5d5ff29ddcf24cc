"""A two-layer network, wrong in one way after another: each is named, and a right one is not."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.explanation import explained
from verification.vocabulary.findings import KINDS


def network(w1, b1, w2, b2, x, y):
    h = jnp.maximum(x @ w1 + b1, 0.0)
    p = h @ w2 + b2
    return jnp.mean((p - y) ** 2)


def by_hand(w1, b1, w2, b2, x, y, mistake=""):
    """NumPy, as a course has it, with one mistake."""
    z = x @ w1 + b1
    h = np.maximum(z, 0.0)
    d = 2.0 * (h @ w2 + b2 - y) / y.size
    if mistake == "one example":
        x, z, h, d = x[:1], z[:1], h[:1], d[:1]
    if mistake == "sign":
        d = -d
    if mistake == "1/n missing":
        d = d * y.size
    dw2 = (z if mistake == "z for h" else h).T @ d
    moved = {"not transposed": w2, "moved": (w2 - 0.05 * dw2).T}
    dh = d @ moved.get(mistake, w2.T)
    dz = dh * {"no mask": np.ones_like(z), "value for slope": h}.get(mistake, z > 0.0)
    if mistake == "row lost":
        dw2 = h[:-1].T @ d[:-1]
    db1, db2 = dz.sum(axis=0), d.sum(axis=0)
    if mistake == "bias averaged":
        db1 = dz.mean(axis=0)
    dw1 = x.T @ dz
    if mistake == "nonsense":
        dw1 = np.cos(17.0 * dw1)
    changed = {"transposed": dw2.T, "flipped": dw2[:, ::-1], "zero": 0.0 * dw2, "squared": dw2**2}
    return dw1, db1, changed.get(mistake, dw2), db2


def sample(rng):
    n = int(rng.integers(5, 9))
    shapes = (3, 4), (4,), (4, 4), (4,), (n, 3), (n, 4)
    return tuple(rng.normal(size=shape) for shape in shapes)


def found(mistake, dtype="float64"):
    gradient = partial(by_hand, mistake=mistake)
    with jax.numpy_rank_promotion("allow"):
        return vf.validate(
            gradient, of=network, args=sample, argnums=(0, 1, 2, 3), cases=3, dtype=dtype
        )


# mistake -> kind, what is said, the expression on the line it points at
SAID = {
    "sign": ("sign", "sign", "mean"),
    "1/n missing": ("factor", "sum over", "mean"),
    "bias averaged": ("factor", "averaged over the batch", "+ b1"),
    "z for h": ("edge", "`x @ w1 + b1`", "h @ w2"),
    "not transposed": ("transposed", "transposed", "h @ w2"),
    "no mask": ("slope", "taken to be 1", "maximum"),
    "value for slope": ("slope", "the value itself", "maximum"),
    "one example": ("one example", "the first example alone", ""),
    "transposed": ("transposed", "it is transposed", ""),
    "flipped": ("flipped", "runs backwards", ""),
    "zero": ("zero", "", ""),
    "row lost": ("reduction", "lacks the last row", "h @ w2"),
    "moved": ("edge", "has moved already: by -0.05", "h @ w2"),
    "squared": ("factor", "squared entry by entry", ""),
}


@pytest.mark.parametrize("mistake", SAID)
def test_each_mistake_is_named_first_with_its_line(mistake):
    kind, words, expression = SAID[mistake]
    # what is said of all leaves as one comes before what is said of a term
    first = next(e for e in found(mistake).explanation if e.term != "the whole gradient")

    assert first.fits and first.residual <= 1.0
    assert first.kind in (kind, "dropped path") and first.kind in KINDS
    assert words in first.mistake
    assert expression in first.source
    if expression:
        assert first.location.startswith("test_explained.py:")


def test_only_the_leaves_that_it_changes_are_named():
    assert found("bias averaged").explanation[0].leaves == ("b1",)


@pytest.mark.parametrize("mistake", ["bias averaged", "no mask"])
def test_float32_is_explained_too(mistake):
    first = found(mistake, "float32").explanation[0]

    assert first.fits and SAID[mistake][1] in first.mistake


def test_a_right_gradient_has_no_explanation():
    assert found("").explanation == ()


def test_nonsense_is_described_and_nothing_is_called_closest():
    (only,) = found("nonsense").explanation

    assert not only.fits and only.kind == "layer" and "closest" not in str(only)
    assert "wrong in w1; right in b1, w2, b2" in only.mistake
    assert "w1 is wrong in every entry" in only.mistake


def test_what_explains_no_more_than_the_right_gradient_is_not_called_the_closest(monkeypatch):
    guess = lambda left: (
        lambda *_: [vf.Explanation("slope", "a term", "a mistake", residual=left, fits=False)]
    )
    kinds = {}
    for left in (np.inf, 3.0):
        monkeypatch.setattr(explained, "wrong_partner", guess(left))
        kinds[left] = found("nonsense").explanation[0].kind

    assert kinds == {np.inf: "layer", 3.0: "slope"}


def test_a_factor_that_leaves_little_is_called_the_closest():
    """0.98 to 1.02 times the sign: no one factor fits, and -1 accounts for nearly all of it."""
    nearly = lambda x: -np.cos(x) * (1.0 + 0.02 * np.sin(7.0 * x))
    sample = lambda rng: (rng.normal(size=8),)
    loss = lambda x: jnp.sum(jnp.sin(x))
    first, last = vf.validate(nearly, of=loss, args=sample, cases=3).explanation

    assert not first.fits and str(first).startswith("closest") and -1.1 < first.factor < -0.9  # pyright: ignore
    assert last.kind == "layer"


@pytest.mark.parametrize("stage", ["wrong_slope", "by_leaf", "one_edge", "wrong_mask"])
def test_a_stage_that_fails_is_left_out_and_the_others_go_on(stage, monkeypatch, caplog):
    def failing(*_, **__):
        raise RecursionError("planted")

    monkeypatch.setattr(explained, stage, failing)
    caplog.set_level("DEBUG", logger=explained.__name__)
    said = found("not transposed").explanation

    assert said[0].fits and said[0].kind == "transposed" and "planted" not in str(said)
    assert any("planted" in record.exc_text for record in caplog.records)


def recurrent(w, u, xs, y):
    def step(h, x):
        return jnp.tanh(x @ w + h @ u), None

    h, _ = jax.lax.scan(step, jnp.zeros((xs.shape[1], u.shape[0])), xs)
    return jnp.mean((h - y) ** 2)


def through_time(w, u, xs, y, slope=lambda a: 1.0 - a * a, back=1.0):
    hs = [np.zeros((xs.shape[1], len(u)))]
    for x in xs:
        hs.append(np.tanh(x @ w + hs[-1] @ u))
    d, dw, du = 2.0 * (hs[-1] - y) / y.size, 0.0 * w, 0.0 * u
    for t in reversed(range(len(xs))):
        dz = d * slope(hs[t + 1])
        dw, du, d = dw + xs[t].T @ dz, du + hs[t].T @ dz, back * (dz @ u.T)
    return dw, du


IN_LOOPS = {
    "sign": ({"back": -1.0}, "sign is wrong"),
    "1 - a": ({"slope": lambda a: 1.0 - a}, "taken to be 1 - a"),
}


@pytest.mark.parametrize("name", IN_LOOPS)
def test_the_body_of_a_loop_is_looked_into(name):
    mistake, words = IN_LOOPS[name]
    shapes = (3, 4), (4, 4), (3, 5, 3), (5, 4)
    points = lambda rng: tuple(0.5 * rng.normal(size=shape) for shape in shapes)
    wrong = partial(through_time, **mistake)
    finding = vf.validate(wrong, of=recurrent, args=points, argnums=(0, 1), cases=2)

    assert finding.explanation[0].fits and words in finding.explanation[0].mistake
    if name == "1 - a":  # followed by what it should be
        assert finding.explanation[0].remedy.startswith("here it should be 1 - a**2")
    assert "tanh(x @ w + h @ u)" in finding.explanation[0].source


def test_a_product_of_which_one_operand_stands_still_in_the_first_step():
    def loss(w, x):
        step = lambda h, row: (h * jnp.sin(w * row) + w, None)
        return jnp.sum(jax.lax.scan(step, jnp.zeros(3), x)[0])

    def wrong(w, x):  # the second step has the sine for the h that it is multiplied by
        z = w * x[1]
        return 1.0 + np.sin(z) + np.sin(z) * np.cos(z) * x[1]

    sample = lambda rng: (rng.normal(size=3), rng.normal(size=(2, 3)))
    said = vf.validate(wrong, of=loss, args=sample, cases=3).explanation
    assert said[0].fits and said[0].term == "the slope of `h * jnp.sin(w * row)`", said
