"""Gated units: halves together or apart, and by other libraries."""

import jax
import numpy as np

from .activations import by_jax, entry_by_entry, expit, logistic, stable, times
from .spelling import Spelled, derived, jax_of, torch_of

LOG_SIGMOID = {
    "s(-z)": times(lambda z: logistic(-z)),
    "s(-z), stable": times(lambda z: stable(-z)),
    "1 / (1 + e^z)": times(lambda z: 1 / (1 + np.exp(z))),
    "e^-z / (1 + e^-z)": times(lambda z: np.exp(-z) / (1 + np.exp(-z))),
    "loop": entry_by_entry(lambda z: 1 / (1 + np.exp(z))),
    "SciPy": times(lambda z: expit(-z)),
    "PyTorch": torch_of(lambda z: __import__("torch").nn.functional.logsigmoid(z)),
    "JAX": by_jax(jax.nn.log_sigmoid),
}


def halves(chance, slope=None):
    """s(b) dy beside a s'(b) dy; s' from s where it is not said."""
    slope = slope or (lambda b: chance(b) * (1 - chance(b)))

    def gradient(x, dy):
        a, b = np.split(x, 2, axis=-1)
        return np.concatenate([chance(b) * dy, a * slope(b) * dy], axis=-1)

    return gradient


def into_place(x, dy):
    out, n = np.empty_like(x), x.shape[-1] // 2
    s = stable(x[:, n:])
    out[:, :n] = dy * s
    out[:, n:] = dy * x[:, :n] * s * (1 - s)
    return out


GLU = {
    "s (1 - s)": halves(logistic),
    "s (1 - s), stable": halves(stable),
    "s(b) s(-b)": halves(stable, lambda b: stable(b) * stable(-b)),
    "s - s^2": halves(stable, lambda b: stable(b) - stable(b) ** 2),
    "into place": into_place,
    "SciPy": halves(expit),
    "PyTorch": torch_of(lambda x: __import__("torch").nn.functional.glu(x)),
    "JAX": by_jax(jax.nn.glu),
}


def fed(slope, sums):
    """silu(g) u w backwards; `slope` is that of silu, `sums` the products with the weights."""

    def gradient(params, x, dy):
        g, u = x @ params.gate, x @ params.up
        s = stable(g)
        dh = dy @ params.down.T
        return sums(params, x, dy, g * s * u, slope(g, s) * u * dh, g * s * dh)

    return gradient


def matrices(params, x, dy, h, dg, du):
    weights = params._replace(gate=x.T @ dg, up=x.T @ du, down=h.T @ dy)
    return weights, dg @ params.gate.T + du @ params.up.T


def side_by_side(params, x, dy, h, dg, du):
    """One matrix for the gate and for what is gated, as most programs have it."""
    both = np.concatenate([params.gate, params.up], axis=-1)
    d = np.concatenate([dg, du], axis=-1)
    gate, up = np.split(x.T @ d, 2, axis=-1)
    return params._replace(gate=gate, up=up, down=h.T @ dy), d @ both.T


def einsums(params, x, dy, h, dg, du):
    outer = lambda a, b: np.einsum("bi,bj->ij", a, b)
    weights = params._replace(gate=outer(x, dg), up=outer(x, du), down=outer(h, dy))
    down = lambda d, w: np.einsum("bj,ij->bi", d, w)
    return weights, down(du, params.up) + down(dg, params.gate)


SLOPES = {
    "s + g s (1 - s)": lambda g, s: s + g * s * (1 - s),
    "s (1 + g (1 - s))": lambda g, s: s * (1 + g * (1 - s)),
}
SUMS = {"": matrices, ", side by side": side_by_side, ", einsum": einsums}
FED = {f"{a}{b}": fed(slope, sums) for a, slope in SLOPES.items() for b, sums in SUMS.items()}
FED |= {
    "PyTorch": torch_of(
        lambda p, x: (__import__("torch").nn.functional.silu(x @ p.gate) * (x @ p.up)) @ p.down,
        (0, 1),
    ),
    "JAX": jax_of(lambda p, x: (jax.nn.silu(x @ p.gate) * (x @ p.up)) @ p.down, (0, 1)),
}
GATES: dict[str, Spelled] = {
    "log_sigmoid": derived("log_sigmoid", LOG_SIGMOID, scales=(0.25, 2.0)),
    "glu": derived("glu", GLU, scales=(0.5, 2.0)),
    "gated_feed_forward": derived("gated_feed_forward", FED, scales=(1.0, 2.0)),
}
