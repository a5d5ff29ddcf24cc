"""Claim C10: backpropagation is the one neuron's computation, repeated layer by layer."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flint import ctx
from jax import Array

from refnet import (
    Dense,
    binary_cross_entropy,
    dense,
    identity,
    mlp,
    mse,
    sigmoid,
    softplus,
    tanh,
)

from ..vocabulary import Claim, Evidence, Judged
from . import enclosures
from .trial import Trial, earned, failed

BITS = 192
THIN = 2.0**-100  # relative: both enclosures of every entry lie within this of each other
DEPTHS = range(1, 7)
SLOPES = {
    tanh: lambda z: 1.0 - tanh(z) ** 2,
    sigmoid: lambda z: sigmoid(z) * (1.0 - sigmoid(z)),
    softplus: sigmoid,
}


class Network(NamedTuple):
    """A network, a batch for it, and the two functions that it is made with."""

    params: tuple[Dense, ...]
    x: np.ndarray
    y: np.ndarray
    activation: Callable
    sigmoid_output: bool

    @property
    def sizes(self) -> tuple[int, ...]:
        return (self.x.shape[1], *(layer.b.shape[0] for layer in self.params))


def loss(params, x: Array, y: Array, activation: Callable, sigmoid_output: bool) -> Array:
    """Cross-entropy behind a sigmoid, or mse behind the identity: refnet's own functions."""
    if sigmoid_output:
        return binary_cross_entropy(mlp(params, x, activation, sigmoid), y)
    return mse(mlp(params, x, activation, identity), y)


# --- the recursion -------------------------------------------------------------------------


def through_transpose(d: Array, w: Array) -> Array:
    """delta_{l+1} W_{l+1}'."""
    return d @ w.T


def through_weights(d: Array, w: Array) -> Array:
    """W not transposed."""
    return d @ w


def own_layer(zs: Sequence[Array], layer: int) -> Array:
    """z_l."""
    return zs[layer]


def next_layer(zs: Sequence[Array], layer: int) -> Array:
    """z_{l+1}, the wrong layer's."""
    return zs[layer + 1]


class Recursion(NamedTuple):
    """delta_l = back(delta_{l+1}, W_{l+1}) * f'(of z_l), dW_l = a_{l-1}' delta_l."""

    back: Callable = through_transpose
    slope_of: Callable = own_layer

    def gradient(self, params, x, y, activation, sigmoid_output) -> tuple[Dense, ...]:
        zs, inputs = [], [x]
        for layer in params:
            zs.append(dense(layer, inputs[-1]))
            inputs.append(activation(zs[-1]))
        z = zs[-1]
        delta = (sigmoid(z) - y if sigmoid_output else 2.0 * (z - y)) / y.size
        slope, slopes = SLOPES[activation], []
        for k in reversed(range(len(params))):
            slopes.append(Dense(inputs[k].T @ delta, jnp.sum(delta, axis=0)))
            if k:
                delta = self.back(delta, params[k].w) * slope(self.slope_of(zs, k - 1))
        return tuple(reversed(slopes))


def network(
    rng: np.random.Generator, depth: int, sigmoid_output: bool = False, square: int = 0
) -> Network:
    """A drawn network: neighbouring layers of different width (or all `square`), batch > 1."""
    sizes = [square or int(rng.integers(2, 6))]
    while len(sizes) <= depth:
        sizes.append(square or int(rng.choice([n for n in range(2, 6) if n != sizes[-1]])))
    draw: Callable[..., Any] = rng.normal
    params = tuple(
        Dense(draw(size=pair) / pair[0] ** 0.5, draw(size=pair[1]) / 2) for pair in pairwise(sizes)
    )
    batch = int(rng.choice([n for n in range(2, 6) if n not in (sizes[0], sizes[-1])]))
    x, y = rng.normal(size=(batch, sizes[0])), rng.uniform(0.1, 0.9, (batch, sizes[-1]))
    activation = list(SLOPES)[int(rng.integers(len(SLOPES)))]
    return Network(params, x, y, activation, sigmoid_output)


# --- the evidence --------------------------------------------------------------------------

RIGHT = Recursion()
PLANTED = {
    "W not transposed": Recursion(back=through_weights),
    "f' at the next layer's z": Recursion(slope_of=next_layer),
}


def agrees(by_hand: Callable, networks: Sequence[Network]) -> Trial:
    """A gradient by hand, run in balls, against our sweep over the network's own program."""
    entries, worst = 0, 0.0
    for net in networks:
        place = f"at depth {len(net.params)} ({'-'.join(map(str, net.sizes))})"
        try:
            apart, count = distance(by_hand, net)
        except TypeError:  # JAX's word for shapes that cannot be multiplied
            return Trial(False, f"{place} the shapes do not fit.")
        if not apart <= THIN:
            return Trial(False, f"{place} an entry is off by {apart:.2g} of itself.")
        entries, worst = entries + count, max(worst, apart)
    depths = ", ".join(str(len(net.params)) for net in networks)
    bits = int(-np.log2(max(worst, 2.0**-BITS)))
    return Trial(
        True,
        f"Depths {depths}: {entries} partial derivatives of drawn networks, each enclosed by the "
        f"formula by hand and by a reverse sweep over balls; all agree to 2^-{bits} of themselves.",
    )


def distance(by_hand: Callable, net: Network) -> tuple[float, int]:
    """The largest relative distance that the balls leave open, and the number of entries."""
    given = enclosures.closed(by_hand, net.activation, net.sigmoid_output)
    truth = enclosures.closed(loss, net.activation, net.sigmoid_output)
    with ctx.workprec(BITS):
        hand = enclosures.value(given, net.params, net.x, net.y)
        swept = enclosures.gradient(truth, net.params, net.x, net.y)
        pairs = [
            (u, v)
            for a, b in zip(jax.tree.leaves(hand), jax.tree.leaves(swept), strict=True)
            for u, v in zip(a.flat, b.flat, strict=True)
        ]
        return max(float((abs(u - v) / abs(v)).upper()) for u, v in pairs), len(pairs)


def judge_recursion(seed: int) -> Judged:
    rng = np.random.default_rng(seed)
    drawn = [network(rng, depth, bool(depth % 2)) for depth in DEPTHS]
    shallow, deep = (network(rng, depth, True, square=3) for depth in (1, 2))
    blind = [agrees(fault.gradient, [shallow]).holds for fault in PLANTED.values()]
    return Judged(
        Evidence.ENCLOSED,
        earned(agrees(RIGHT.gradient, [*drawn, shallow, deep])),
        " ".join(failed(what, agrees(fault.gradient, [deep])) for what, fault in PLANTED.items())
        + f" At depth 1, where nothing is handed back, {sum(blind)} of the {len(blind)} pass: one "
        "layer cannot tell them from the truth.",
        numbers={"sizes": ["-".join(map(str, net.sizes)) for net in drawn]},
    )


C10 = Claim(
    "C10",
    "Backpropagation is this computation repeated over bigger networks: "
    r"$\delta_l = (W_{l+1}^T \delta_{l+1}) \odot f'(z_l)$, judged for depths 1 to 6.",
    judge_recursion,
)
