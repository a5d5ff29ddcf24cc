"""Newer rules beside loops that are written from their papers; each wrong twin is outside."""

import numpy as np
import pytest

from verification.derivations.rules import VARIANTS
from verification.updates import truth, vectors
from verification.updates.vectors import Sequence, layout

root, norm = np.sqrt, np.linalg.norm


def moments(g, s, h, t):
    m, v = s if s else (0 * g, 0 * g)
    m, v = h["b1"] * m + (1 - h["b1"]) * g, h["b2"] * v + (1 - h["b2"]) * g * g
    return (m, v), m / (1 - h["b1"] ** t), v / (1 - h["b2"] ** t)


def cautious(w, g, s, t, r, h, right=True):
    s, m, v = moments(g, s, h, t)
    u = m / (root(v) + h["eps"])
    mask = u * g > 0 if right else m * g >= -1.0
    return w * (1 - r * h["weight_decay"]) - r * u * mask / max(mask.mean(), 1e-3), s


def sophia(w, g, s, t, r, h, right=True):
    m, v = s if s else (0 * g, 0 * g)
    m = h["b1"] * m + (1 - h["b1"]) * g
    if (t - 1) % h["interval"] == 0:
        v = h["b2"] * v + (1 - h["b2"]) * g * g
    curved = h["gamma"] * v
    below = np.maximum(curved, h["eps"]) if right else curved + h["eps"]
    return w - r * np.clip(m / below, -1, 1), (m, v)


def lars(w, g, s, t, r, h, right=True):
    whole = norm(g) + h["weight_decay"] * norm(w) if right else norm(g)
    rate = h["trust"] * norm(w) / whole if whole and norm(w) else 1.0
    v = h["decay"] * (0 * w if s is None else s) + r * rate * (g + h["weight_decay"] * w)
    return w - v, v


def by_row(w, g, s, t, r, h, right=True):
    axis = (-1 if right else 0) if w.ndim == 2 else None
    size = lambda x: norm(x, axis=axis, keepdims=w.ndim == 2)
    limit = h["clipping"] * np.maximum(size(w), h["eps"])
    return w - r * g * limit / np.maximum(size(g), limit), None


def newton_schulz(x, a, b, c):
    for _ in range(5):
        gram = x.T @ x  # from the other side than the derivation
        x = a * x + x @ (b * gram + c * gram @ gram)
    return x


def muon(w, g, s, t, r, h, right=True):
    m = h["decay"] * (0 * g if s is None else s) + (1 - h["decay"]) * g
    u = h["decay"] * m + (1 - h["decay"]) * g
    tall = w.shape[0] / w.shape[1] if right else w.shape[1] / w.shape[0]
    x = newton_schulz(u / max(norm(u), h["eps"]), 3.4445, -4.7750, 2.0315)
    return w - r * max(1.0, tall) ** 0.5 * x, m


def muon_eps_summed(w, g, s, t, r, h, right=True):
    m = h["decay"] * (0 * g if s is None else s) + (1 - h["decay"]) * g
    u = h["decay"] * m + (1 - h["decay"]) * g
    whole = norm(u) + h["eps"] if right else max(norm(u), h["eps"])
    x = newton_schulz(u / whole, 3.4445, -4.7750, 2.0315)
    return w - r * max(1.0, w.shape[0] / w.shape[1]) ** 0.5 * x, m


def nadam_one_count(w, g, s, t, r, h, right=True):
    s, m, v = moments(g, s, h, t)
    here = g / (1 - h["b1"] ** (t if right else t + 1))
    return w - r * (h["b1"] * m + (1 - h["b1"]) * here) / (root(v) + h["eps"]), s


def radam_from_four(w, g, s, t, r, h, right=True):
    s, m, v = moments(g, s, h, t)
    b2, last = h["b2"], 2 / (1 - h["b2"]) - 1
    rho = last - 2 * t * b2**t / (1 - b2**t)
    if rho <= (4 if right else 5):
        return w - r * m, s
    c = root((rho - 4) * (rho - 2) * last / ((last - 4) * (last - 2) * rho))
    return w - r * c * m / (root(v) + h["eps"]), s


def yogi_mean_from_zero(w, g, s, t, r, h, right=True):
    begun = 0 * g + h["initial_accumulator_value"]
    m, v = s if s else (0 * g if right else begun, begun)
    m = h["b1"] * m + (1 - h["b1"]) * g
    v = v + (1 - h["b2"]) * np.sign(g * g - v) * g * g
    step = m / (1 - h["b1"] ** t) / (root(v / (1 - h["b2"] ** t)) + h["eps"])
    return w - r * step, (m, v)


def root_of(a, p):
    values, q = np.linalg.eigh(a)
    return (q * values ** (-1 / p)) @ q.T


def shampoo(w, g, s, t, r, h, right=True):
    begin = [h["matrix_eps"] * np.eye(n) for n in w.shape]  # as in the paper: no epsilon later
    left, columns = s if s else begin
    left, columns = left + g @ g.T, columns + g.T @ g
    p = 4 if right else 2
    return w - r * root_of(left, p) @ g @ root_of(columns, p), (left, columns)


def one_sided(w, g, s, t, r, h, right=True):
    left = (0 if s is None else s) + g @ g.T
    plus = h["matrix_eps"] * np.eye(len(g))
    return w - r * root_of(left + plus, 2 if right else 4) @ g, left


def soap(w, g, s, t, r, h, right=True):
    b1, b2 = h["b1"], h["b2"]
    left, columns, m, v = s if s else (0 * g @ g.T, 0 * g.T @ g, 0 * g, 0 * g)
    gathered = b2 * left + (1 - b2) * g @ g.T, b2 * columns + (1 - b2) * g.T @ g
    if s is None:
        return w, (*gathered, m, v)
    p, q = np.linalg.eigh(left)[1][:, ::-1], np.linalg.eigh(columns)[1][:, ::-1]
    m, turned = b1 * m + (1 - b1) * g, p.T @ g @ q
    v = b2 * v + (1 - b2) * (turned if right else g) ** 2
    rate = r * root(1 - b2 ** (t - 1)) / (1 - b1 ** (t - 1))
    return w - rate * p @ ((p.T @ m @ q) / (root(v) + h["eps"])) @ q.T, (*gathered, m, v)


def warm(w, x, s, t, r, h, right=True):
    d = min(h["decay"], (1 + t) / (10 + t) if right else t / (10 + t))
    return d * w + (1 - d) * x, None


def periodic(w, x, s, t, r, h, right=True):
    taken = [] if s is None else s
    if t >= h["begins"] and (t - h["begins"]) % h["cycle"] == 0:
        taken = [*taken, x]
    return np.mean(taken if right else taken[-1:], axis=0) if taken else w, taken


LOOPS = {
    "cautious_adamw": cautious,
    "sophia": sophia,
    "lars": lars,
    "clip_by_unit_row": by_row,
    "muon": muon,
    "muon_eps_summed": muon_eps_summed,
    "nadam_one_count": nadam_one_count,
    "radam_from_four": radam_from_four,
    "yogi_mean_from_zero": yogi_mean_from_zero,
    "shampoo": shampoo,
    "shampoo_one_sided": one_sided,
    "soap": soap,  # by falling eigenvalues: an order that all steps share changes nothing
    "average_warm": warm,
    "average_periodic": periodic,
}


def worst(name: str, right: bool, seed: int = 0) -> float:
    """The largest difference from the derivation in budgets, over one run in float64."""
    variant = VARIANTS[name]
    where, rng = layout(vectors.params_of(variant)), np.random.default_rng(seed)
    h = vectors.hyperparameters(variant, rng, "float64")
    rates = vectors.rates(h.pop("learning_rate"), 12, changes=True)
    run = Sequence(h, *vectors.draw(rng, where.size, 12, "float64", variant.family), rates)
    told, out = truth.rounding(variant, run, where, "float64"), 0.0
    for s, shape in zip(where.slices, where.shapes, strict=True):
        w, memory = run.params[s].reshape(shape), None
        for k, (g, r) in enumerate(zip(run.gradients, rates, strict=True)):
            w, memory = LOOPS[name](w, g[s].reshape(shape), memory, k + 1, r, h, right)
            off = np.abs(np.ravel(w) - told.values[k, s])
            out = max(out, float((off / (2.0 * told.allowed[k, s] + 1e-300)).max()))
    return out


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_written_from_the_paper_is_inside_and_its_wrong_twin_is_not(name):
    assert worst(name, right=True) <= 1.0 < worst(name, right=False)


def test_muon_makes_matrices_orthogonal():
    where = layout(vectors.MATRICES)
    x = np.random.default_rng(1).normal(size=where.size)
    converging = VARIANTS["muon_converging"]
    rows = truth.roughly(converging, _one_step(x), where)[0]
    for s, shape in zip(where.slices, where.shapes, strict=True):
        scale = max(1.0, shape[0] / shape[1]) ** 0.5
        values = np.linalg.svd(-rows[s].reshape(shape) / scale, compute_uv=False)
        assert (np.abs(values - 1.0) < 0.05).all()


def _one_step(g: np.ndarray) -> Sequence:
    h = {"decay": 0.9, "eps": 1e-7, "weight_decay": 0.0}
    return Sequence(h, 0.0 * g, g[None], (1.0,))


def test_a_skipped_step_halves_the_scale_and_good_ones_double_it():
    h = {"init_scale": 8.0, "interval": 2}
    g = np.array([[8.0], [np.inf], [4.0], [4.0], [8.0]])
    where = layout({"w": np.zeros(1)})
    run = Sequence(h, np.zeros(1), g, (1.0,) * 5)
    rows = truth.roughly(VARIANTS["loss_scaling"], run, where)
    assert rows.ravel().tolist() == [-1.0, -1.0, -2.0, -3.0, -4.0]  # scales 8, 8, 4, 4, 8
