"""Update rules over T steps, differentiated by hand by the start and by every gradient.

Forward step by step, backward from the last step, from closed forms, from tables of powers.
"""

from collections.abc import Callable

import numpy as np

from ...derivations import adagrad, adam, adamw, momentum, rmsprop
from ...derivations.trajectory import RATE

B, RHO = momentum.BETA, rmsprop.RHO
B1, B2 = adam.B1, adam.B2


def leaf_by_leaf(of_leaf: Callable) -> Callable:
    """of_leaf(g, c): the cotangents of the start and of the gradients g, from c of the end."""

    def gradient(params, gradients, above):
        pairs = [of_leaf(g, c) for g, c in zip(gradients, above, strict=True)]
        return tuple(type(params)(*leaves) for leaves in zip(*pairs, strict=True))

    return gradient


def weighted(weights: Callable[[int], list[float]]) -> Callable:
    """Rules that are linear: dg_t = -r w_t c."""
    stretch = lambda w, c: np.asarray(w, c.dtype).reshape(-1, *(1,) * c.ndim)
    return leaf_by_leaf(lambda g, c: (c, stretch([-RATE * w for w in weights(len(g))], c) * c))


# --- linear rules --------------------------------------------------------------------------------


def carried(beta: float, ahead: bool) -> Callable:
    """The velocity's cotangent, from the last step back: v <- b v + c."""

    def of_leaf(g, c):
        d = c * c.dtype.type(-RATE)
        v, out = 0 * d, []
        for _ in range(len(g)):
            v = beta * v + (beta * d if ahead else d)
            out.append(v + d if ahead else v)
        return c, np.stack(out[::-1])

    return leaf_by_leaf(of_leaf)


def by_matrix(beta: float, ahead: bool) -> Callable:
    """The velocities are a lower triangle of powers times the gradients."""

    def of_leaf(g, c):
        steps = np.arange(len(g))
        powers = np.tril(np.power(beta, np.maximum(steps[:, None] - steps, 0)))
        powers = np.eye(len(g)) + beta * powers if ahead else powers
        column = (powers.sum(0) * -RATE).astype(g.dtype)
        return c, np.multiply.outer(column, c)

    return leaf_by_leaf(of_leaf)


def one_by_one(beta: float, ahead: bool) -> Callable:
    """What every step has of g_t, added up step by step, as forward mode does."""

    def of_leaf(g, c):
        out = np.zeros_like(g)
        for t in range(len(g)):
            v = c.dtype.type(1)
            for k in range(t, len(g)):
                d = 1 + beta * v if ahead and k == t else beta * v if ahead else v
                out[t] -= c.dtype.type(RATE) * (d * c)
                v = beta * v
        return c, out

    return leaf_by_leaf(of_leaf)


def geometric(beta: float, ahead: int) -> Callable:
    return weighted(lambda n: [(1 - beta ** (n - t + ahead)) / (1 - beta) for t in range(n)])


def powers(beta: float, ahead: int) -> Callable:
    return weighted(lambda n: [sum(beta**k for k in range(n - t + ahead)) for t in range(n)])


def linear(beta: float, ahead: bool) -> dict[str, Callable]:
    return {
        "closed form": geometric(beta, int(ahead)),
        "sums of powers": powers(beta, int(ahead)),
        "backwards": carried(beta, ahead),
        "a triangle": by_matrix(beta, ahead),
        "forwards": one_by_one(beta, ahead),
    }


# --- rules with a root ---------------------------------------------------------------------------


def rooted(forward: Callable, back: Callable) -> Callable:
    """forward(g) keeps what back(kept, d) needs to pull the cotangent d of every direction."""

    def of_leaf(g, c):
        return c, back(g, forward(g), -c.dtype.type(RATE) * c)

    return leaf_by_leaf(of_leaf)


def squares(start: float, decay: float, share: float) -> Callable:
    """Every v_k of v <- decay v + share g^2."""

    def forward(g):
        v, out = start + 0 * g[0], []
        for row in g:
            v = decay * v + share * (row * row)
            out.append(v)
        return np.stack(out)

    return forward


def pulled_root(decay: float, share: float, eps: float, shape: Callable) -> Callable:
    """Backwards: dv_k has what step k gives it, and decay times dv_(k+1)."""

    def back(g, v, d):
        dv, out = 0 * d, []
        for k in reversed(range(len(g))):
            by_g, by_v = shape(g[k], v[k] + eps)
            dv = decay * dv + d * by_v
            out.append(d * by_g + 2 * share * g[k] * dv)
        return np.stack(out[::-1])

    return back


def unrolled(weight: Callable[[int], float], eps: float) -> Callable:
    """sum over k >= t of ([k = t] - g_k B_kt g_t / w_k) / sqrt w_k, w = v + eps."""

    def back(g, v, d):
        w, out = v + eps, np.zeros_like(g)
        for t in range(len(g)):
            for k in range(t, len(g)):
                own = (k == t) - g[k] * g[t] * weight(k - t) / w[k]
                out[t] += d * own / np.sqrt(w[k])
        return out

    return back


by_quotients = lambda g, w: (1 / np.sqrt(w), -g / (2 * np.sqrt(w) * w))
by_powers = lambda g, w: (w**-0.5, -0.5 * g * w**-1.5)
by_root = lambda g, w: ((r := 1 / np.sqrt(w)), -g * r * r * r / 2)
first_root = lambda g, w: (1 / (s := np.sqrt(w)), -g / s**3 * g.dtype.type(0.5))


def root(start: float, decay: float, share: float, eps: float) -> dict[str, Callable]:
    forward = squares(start, decay, share)
    shapes = {
        "quotients": by_quotients,
        "powers": by_powers,
        "1 / root": by_root,
        "s^3": first_root,
    }
    return {
        who: rooted(forward, pulled_root(decay, share, eps, shape)) for who, shape in shapes.items()
    } | {"unrolled": rooted(forward, unrolled(lambda n: share * decay**n, eps))}


# --- Adam ----------------------------------------------------------------------------------------


def moments(g):
    m, v = 0 * g[0], 0 * g[0]
    out = []
    for k, row in enumerate(g, 1):
        m, v = B1 * m + (1 - B1) * row, B2 * v + (1 - B2) * (row * row)
        out.append((m / (1 - B1**k), v / (1 - B2**k)))
    return out


def adams(pull: Callable, shrink: float, leaves: Callable = leaf_by_leaf) -> Callable:
    """Backwards through both means; `shrink` is what a step leaves of the parameters."""

    def of_leaf(g, c):
        dm, dv, out, kept = 0 * c, 0 * c, [], moments(g)
        for k in reversed(range(1, len(g) + 1)):
            by_m, by_v = pull(*kept[k - 1], -g.dtype.type(RATE) * c)
            dm = B1 * dm + by_m / (1 - B1**k)
            dv = B2 * dv + by_v / (1 - B2**k)
            out.append((1 - B1) * dm + 2 * (1 - B2) * g[k - 1] * dv)
            c = shrink * c
        return c, np.stack(out[::-1])

    return leaves(of_leaf)


def in_two(m, v, d):
    s = np.sqrt(v)
    w = s + adam.EPS
    return d / w, -d * m / (w * w) / (2 * s)


def in_powers(m, v, d):
    w = v**0.5 + adam.EPS
    return d * w**-1.0, d * m * -(w**-2.0) * 0.5 * v**-0.5


def by_quotient(m, v, d):
    s = np.sqrt(v)
    dm = d / (s + adam.EPS)
    return dm, -dm * (m / (s + adam.EPS)) / (s + s)


def unrolled_adam(shrink: float) -> Callable:
    """sum over k >= t of A_kt / (R + eps) - m B_kt g_t / (R (R + eps)^2)."""

    def of_leaf(g, c):
        n, out = len(g), np.zeros_like(g)
        for t in range(n):
            for k, (m, v) in list(enumerate(moments(g)))[t:]:
                a = (1 - B1) * B1 ** (k - t) / (1 - B1 ** (k + 1))
                b = (1 - B2) * B2 ** (k - t) / (1 - B2 ** (k + 1))
                w = np.sqrt(v) + adam.EPS
                slope = a / w - m * b * g[t] / (np.sqrt(v) * w * w)
                out[t] -= g.dtype.type(RATE * shrink ** (n - 1 - k)) * slope * c
        return g.dtype.type(shrink**n) * c, out

    return leaf_by_leaf(of_leaf)


def adaptive(shrink: float) -> dict[str, Callable]:
    pulls = {"two factors": in_two, "powers": in_powers, "by the quotient": by_quotient}
    return {who: adams(pull, shrink) for who, pull in pulls.items()} | {
        "unrolled": unrolled_adam(shrink)
    }


HANDS: dict[str, dict[str, Callable]] = {
    "gradient_descent": linear(0.0, False)
    | {"-r c": leaf_by_leaf(lambda g, c: (c, np.stack([c * c.dtype.type(-RATE)] * len(g))))},
    "momentum": linear(B, False),
    "nesterov": linear(B, True),
    "adam": adaptive(1.0),
    "adamw": adaptive(1 - RATE * adamw.DECAY),
    "rmsprop": root(0.0, RHO, 1 - RHO, rmsprop.EPS),
    "adagrad": root(adagrad.START, 1.0, 1.0, adagrad.EPS),
}
