"""Gradients of matrix functions as people write them in NumPy, and mistakes in each.

Sources: Giles, An extended collection of matrix derivative results (2008); Murray, Differentiation
of the Cholesky decomposition (2016); Townsend, Differentiating the SVD (2016).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

inv, solve = np.linalg.inv, np.linalg.solve


class ByHand(NamedTuple):
    """A function, its gradient, mistakes in that, and where it is asked."""

    of: Callable
    gradient: Callable
    mistakes: dict[str, Callable]
    sample: Callable


def square(rng) -> Any:
    return (rng.normal(size=(4, 4)) + 2.0 * np.eye(4),)


def tall(rng) -> Any:
    return (rng.normal(size=(5, 3)),)


def symmetric(rng) -> Any:
    x = rng.normal(size=(4, 4))
    return (x + x.T,)


def definite(rng) -> Any:
    x = rng.normal(size=(4, 4))
    return (x @ x.T + np.eye(4),)


def system(rng) -> Any:
    return *square(rng), rng.normal(size=4)


def halved(x):
    """The lower triangle, with half of the diagonal."""
    return np.tril(x, -1) + np.diag(np.diagonal(x)) / 2


def cholesky(symmetrised=True, phi=halved, swapped=False):
    def gradient(a, d):
        low = np.linalg.cholesky(a)
        p = phi(low.T @ np.tril(d))
        inner = inv(low) if swapped else inv(low).T
        full = inner @ p @ inner.T
        return (full + full.T) / 2 if symmetrised else full

    return gradient


def eigh(sign=1.0, vectors=True, halves=True):
    def gradient(a, d):
        (of_w, of_v), (w, v) = d, np.linalg.eigh(a)
        with np.errstate(divide="ignore"):
            f = sign / (w[None, :] - w[:, None])
        np.fill_diagonal(f, 0.0)
        inner = np.diag(of_w) + (f * (v.T @ of_v) if vectors else 0.0)
        full = v @ inner @ v.T
        return (
            (full + full.T) / 2 if halves else np.tril(full + full.T) - np.diag(np.diagonal(full))
        )

    return gradient


def svd(power=2, beside=True, both=True):
    def gradient(a, d):
        (of_u, of_s, of_vt), (u, s, vt) = d, np.linalg.svd(a, full_matrices=False)
        with np.errstate(divide="ignore"):
            f = 1.0 / (s[None, :] ** power - s[:, None] ** power)
        np.fill_diagonal(f, 0.0)
        j, k = f * (u.T @ of_u), f * (vt @ of_vt.T)
        turned = (lambda x: x + x.T) if both else (lambda x: x)
        full = u @ (np.diag(of_s) + turned(j) * s[None, :] + s[:, None] * turned(k)) @ vt
        rest = (of_u - u @ (u.T @ of_u)) / s @ vt
        return full + rest if beside else full

    return gradient


def qr(copied=True, sign=1.0):
    def gradient(a, d):
        (of_q, of_r), (q, r) = d, np.linalg.qr(a)
        m = r @ np.triu(of_r).T - sign * of_q.T @ q
        m = np.tril(m) + np.tril(m, -1).T if copied else np.tril(m)
        return solve(r, (of_q + q @ m).T).T

    return gradient


def solution(outer=lambda w, x: -np.outer(w, x), turn=np.transpose):
    def gradient(a, b, d):
        w = solve(turn(a), d)
        return outer(w, solve(a, b)), w

    return gradient


BY_HAND = {
    "det": ByHand(
        jnp.linalg.det,
        lambda a: np.linalg.det(a) * inv(a).T,
        {"transposed": lambda a: np.linalg.det(a) * inv(a), "log": lambda a: inv(a).T},
        square,
    ),
    "slogdet": ByHand(
        lambda a: jnp.linalg.slogdet(a)[1],
        lambda a: inv(a).T,
        {"transposed": inv, "half": lambda a: inv(a).T / 2},
        square,
    ),
    "inv": ByHand(
        jnp.linalg.inv,
        lambda a, d: -inv(a).T @ d @ inv(a).T,
        {
            "sign": lambda a, d: inv(a).T @ d @ inv(a).T,
            "transposed": lambda a, d: -inv(a) @ d @ inv(a),
            "one side": lambda a, d: -inv(a).T @ d @ inv(a),
        },
        square,
    ),
    "solve": ByHand(
        jnp.linalg.solve,
        solution(),
        {
            "outer transposed": solution(lambda w, x: -np.outer(x, w)),
            "sign": solution(np.outer),
            "matrix not transposed": solution(turn=lambda a: a),
        },
        system,
    ),
    "cholesky": ByHand(
        jnp.linalg.cholesky,
        cholesky(),
        {
            "no half of the diagonal": cholesky(phi=np.tril),
            "not symmetrised": cholesky(symmetrised=False),
            "inverse not transposed": cholesky(swapped=True),
        },
        definite,
    ),
    "eigh": ByHand(
        lambda a: tuple(jnp.linalg.eigh(a)),
        eigh(),
        {
            "sign of F": eigh(sign=-1.0),
            "values alone": eigh(vectors=False),
            "one triangle": eigh(halves=False),
        },
        symmetric,
    ),
    "svd": ByHand(
        lambda a: tuple(jnp.linalg.svd(a, full_matrices=False)),
        svd(),
        {
            "F without squares": svd(power=1),
            "nothing beside U": svd(beside=False),
            "J without its transpose": svd(both=False),
        },
        tall,
    ),
    "qr": ByHand(
        lambda a: tuple(jnp.linalg.qr(a)),
        qr(),
        {"lower triangle not copied": qr(copied=False), "sign": qr(sign=-1.0)},
        tall,
    ),
}
