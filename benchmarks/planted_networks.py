"""Networks written out line by line, in which mistakes can be planted: text, and its gradient.

    forward(mark, tanh, w0, w1, ..., x) -> a scalar

`mark(name, value)` is the value and `tanh(name)` is tanh where all is right.  A wrong gradient
is JAX's own of the same text with a mark that hands back its cotangent times a factor, or with a
tanh whose slope is taken to be another.
"""

import importlib.util
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from verification.inputs import draws

SLOPES = {"a": lambda z, a: a, "1": lambda z, a: jnp.ones_like(z), "1 - a": lambda z, a: 1.0 - a}
FACTORS = (0.0, -1.0, 2.0, 0.5, 0.3)
Shapes = tuple[tuple[int, ...], ...]


class Text(NamedTuple):
    """Lines of the body, each `name = value`, and the shapes of the arguments."""

    lines: list[str]
    shapes: Shapes


class Mistake(NamedTuple):
    """At a name: a factor of what flows back through it, or another slope of its tanh."""

    name: str
    factor: float = 1.0
    slope: str = ""


class Network(NamedTuple):
    """A text that is loaded: the function of its arguments, and where every name is written."""

    forward: Callable
    shapes: Shapes
    where: dict[str, str]  # name -> "file:line"
    marks: list[str]
    slopes: list[str]

    def right(self, *args):
        return self.forward(lambda name, value: value, lambda name: jnp.tanh, *args)

    def gradient(self, mistakes: tuple[Mistake, ...]) -> Callable:
        """Of the right function, with the mistakes."""
        found = {one.name: one for one in mistakes}
        mark = lambda name, x: scaled(x, found[name].factor) if name in found else x
        slope = lambda name: found[name].slope if name in found else ""
        tanh = lambda name: bent(slope(name)) if slope(name) else jnp.tanh
        forward = partial(self.forward, mark, tanh)
        return jax.jit(jax.grad(forward, tuple(range(len(self.shapes)))))

    def draw(self, rng: np.random.Generator) -> tuple:
        """Of order one over the root of what is summed."""
        sized = lambda shape: shape[0] ** 0.5 if shape[0] > 1 else 2.0
        return tuple(draws.reals(rng, *s, low=0.25, high=1.25) / sized(s) for s in self.shapes)


def scaled(x, factor: float):
    """x; its cotangent times the factor."""
    return factor * x + jax.lax.stop_gradient((1.0 - factor) * x)


def bent(name: str) -> Callable:
    """tanh with another slope."""

    @jax.custom_jvp
    def f(z):
        return jnp.tanh(z)

    @f.defjvp
    def _(given, moved):
        a = jnp.tanh(given[0])
        return a, SLOPES[name](given[0], a) * moved[0]

    return f


# --- three texts of about 400 equations -----------------------------------------------------------


def mlp(layers: int = 80, width: int = 8, batch: int = 6) -> Text:
    """Layers of a product, a bias, tanh, and every other one a sum with what came before."""
    lines, shapes, h = [], [], "x"
    for k in range(layers):
        w, b = f"w{2 * k}", f"w{2 * k + 1}"
        lines += [f'z{k} = mark("z{k}", {h} @ {w} + {b})', f'a{k} = tanh("a{k}")(z{k})']
        h = f"a{k}"
        if k % 2:
            lines += [f'r{k} = mark("r{k}", a{k} + 0.75 * a{k - 1})']
            h = f"r{k}"
        shapes += [(width, width), (1, width)]
    return Text([*lines, f"return jnp.mean({h} ** 2)"], (*shapes, (batch, width)))


def recurrent(steps: int = 40, width: int = 8, batch: int = 4) -> Text:
    """A gated cell, unrolled: every step reads the same weights."""
    lines, h = [], "x"
    for k in range(steps):
        lines += [
            f'g{k} = mark("g{k}", jax.lax.logistic({h} @ w0 + w2))',
            f'c{k} = tanh("c{k}")({h} @ w1 + w3)',
            f'h{k} = mark("h{k}", {h} + g{k} * (c{k} - {h}))',
        ]
        h = f"h{k}"
    shapes = ((width, width), (width, width), (1, width), (1, width), (batch, width))
    return Text([*lines, f"return jnp.sum({h} * {h})"], shapes)


def transformer(blocks: int = 10, width: int = 16, tokens: int = 8) -> Text:
    """Attention of one head and a hidden layer, each after a norm and added to what came in."""
    lines, shapes, h = [], [], "x"
    for k in range(blocks):
        w = [f"w{6 * k + i}" for i in range(6)]
        lines += [
            *_norm(f"n{k}", h),
            f'q{k} = mark("q{k}", n{k} @ {w[0]})',
            f'k{k} = mark("k{k}", n{k} @ {w[1]})',
            f'v{k} = mark("v{k}", n{k} @ {w[2]})',
            f'e{k} = mark("e{k}", jnp.exp(q{k} @ k{k}.T / {width**0.5}))',
            f'p{k} = mark("p{k}", e{k} / jnp.sum(e{k}, axis=1, keepdims=True))',
            f'y{k} = mark("y{k}", {h} + p{k} @ v{k} @ {w[3]})',
            *_norm(f"m{k}", f"y{k}"),
            f'f{k} = tanh("f{k}")(m{k} @ {w[4]})',
            f'o{k} = mark("o{k}", y{k} + f{k} @ {w[5]})',
        ]
        h = f"o{k}"
        shapes += [(width, width)] * 4 + [(width, 2 * width), (2 * width, width)]
    return Text([*lines, f"return jnp.mean({h} ** 2)"], (*shapes, (tokens, width)))


def _norm(name: str, x: str) -> list[str]:
    return [
        f"{name}c = {x} - jnp.mean({x}, axis=1, keepdims=True)",
        f"{name}s = 0.01 + jnp.mean({name}c * {name}c, axis=1, keepdims=True)",
        f'{name} = mark("{name}", {name}c * jax.lax.rsqrt({name}s))',
    ]


NETWORKS: dict[str, Callable[..., Text]] = {
    "MLP": mlp,
    "transformer": transformer,
    "recurrent loop": recurrent,
}
KINDS = ("ff", "fs", "ss")  # two factors, a factor and a slope, two slopes


def pairs(net: Network, rng: np.random.Generator, count: int) -> Iterator[tuple[Mistake, ...]]:
    """Two mistakes at two names, of each of the kinds in turn that there is room for."""
    kinds = [kind for kind in KINDS if kind.count("s") <= len(net.slopes)]
    for k in range(count):
        found: list[Mistake] = []
        for kind in kinds[k % len(kinds)]:
            known = {one.name for one in found}
            names = [n for n in (net.marks if kind == "f" else net.slopes) if n not in known]
            name = str(rng.choice(names))
            if kind == "f":
                found.append(Mistake(name, factor=float(rng.choice(FACTORS))))
            else:
                found.append(Mistake(name, slope=str(rng.choice(list(SLOPES)))))
        yield tuple(found)


def loaded(text: Text, folder: Path, name: str) -> Network:
    """Written to a file, so that its lines are known."""
    args = [f"w{k}" for k in range(len(text.shapes) - 1)] + ["x"]
    head = ["import jax", "import jax.numpy as jnp", "", ""]
    head += [f"def forward(mark, tanh, {', '.join(args)}):"]
    path = folder / f"{name}.py"
    path.write_text("\n".join([*head, *(f"    {line}" for line in text.lines)]) + "\n")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    named = [line.split(" = ")[0] for line in text.lines]
    where = {n: f"{path.name}:{k}" for k, n in enumerate(named, len(head) + 1)}
    of = lambda call: [n for n, line in zip(named, text.lines, strict=True) if f"= {call}(" in line]
    return Network(module.forward, text.shapes, where, of("mark"), of("tanh"))
