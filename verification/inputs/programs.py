"""Random straight-line programs as source text: a function nobody has seen, one step to a line.

    forward(x, w0, w1, ...) -> a scalar    x: (batch, width), each w a matrix or a row

Steps are matrix products, additions of rows, products and sums of two values, elementwise
functions, and means along an axis with their way back.  Every value is of order one and used.
"""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import draws

BATCH, WIDTH = (4, 5, 6, 7), (3, 4, 5)
UNARY = (
    "jnp.tanh({a})",
    "jnp.sin({a})",
    "jnp.cos({a})",
    "jax.lax.logistic({a})",
    "jnp.exp(-{a})",
    "0.75 * {a}",
    "{a} - 0.375",
    "-{a}",
    "{a} * {a}",
    "{a} ** 3",
    "jnp.log1p({a} ** 2)",
    "{a} / (1.5 + {a} ** 2)",
)
BOUNDED = ("1.5 * jnp.tanh({a})", "1.75 * jnp.sin({a})", "1.75 * jnp.cos({a})", "jnp.sin({a})")
BINARY = ("{a} + {b}", "{a} - {b}", "{a} * {b}")


class Program(NamedTuple):
    """The text of `forward`, and the shapes of its arguments."""

    source: str
    shapes: tuple[tuple[int, ...], ...]

    def draw(self, rng: np.random.Generator) -> tuple:
        """Arguments away from special values, of order one."""
        return tuple(draws.reals(rng, *shape, low=0.25, high=1.25) for shape in self.shapes)

    def load(self, folder: Path, name: str = "forward") -> Callable:
        """Write the text to a file in `folder` and import it, so that its lines are known."""
        path = folder / f"{name}.py"
        path.write_text(self.source)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.forward


def program(rng: np.random.Generator, steps: int) -> Program:
    """`steps` random lines, and one that adds up what nobody has used."""
    batch, width = int(rng.choice(BATCH)), int(rng.choice(WIDTH))
    shapes: list[tuple[int, ...]] = [(batch, width)]
    lines: list[str] = []
    open_ends, known, roots = ["x"], [("x", width)], {"x": 0}

    def parameter(*shape: int) -> str:
        shapes.append(shape)
        return f"w{len(shapes) - 2}"

    def picked(size: int | None = None) -> tuple[str, int]:
        """One that nobody has used yet, more often than not."""
        fit = [(v, n) for v, n in known if size in (None, n)]
        fresh = [(v, n) for v, n in fit if v in open_ends]
        among = fresh if fresh and rng.random() < 0.5 else fit
        return among[int(rng.integers(len(among)))]

    for k in range(steps):
        a, n = picked()
        size, used = n, [a]
        kind = rng.random()
        if roots[a] >= 3:  # it has grown: hold it
            text, depth = BOUNDED[int(rng.integers(len(BOUNDED)))].format(a=a), 0
        elif kind < 0.12 and len(shapes) < 24:
            size = int(rng.choice(WIDTH))
            text, depth = f"{a} @ {parameter(n, size)}", 3
        elif kind < 0.2 and len(shapes) < 24:
            text, depth = f"{a} + {parameter(n)}", roots[a] + 1
        elif kind < 0.3:
            axis = int(rng.integers(2))
            text, depth = f"{a} - jnp.mean({a}, axis={axis}, keepdims=True)", roots[a] + 1
        elif kind < 0.6:
            b = next((v for v in (picked(n)[0] for _ in range(9)) if v != a), "0.625")
            used.append(b)
            text = BINARY[int(rng.integers(len(BINARY)))].format(a=a, b=b)
            depth = roots[a] + roots.get(b, 0) + 1
        else:
            text, depth = UNARY[int(rng.integers(len(UNARY)))].format(a=a), roots[a] + 2
        name = f"v{k}"
        lines.append(f"    {name} = {text}")
        open_ends = [v for v in open_ends if v not in used] + [name]
        known.append((name, size))
        roots[name] = depth
    return Program(_text(lines, open_ends, len(shapes) - 1), tuple(shapes))


def _text(lines: list[str], open_ends: list[str], weights: int) -> str:
    """The function, with a sum over what nobody has used."""
    last = [f"    loss = jnp.mean(jnp.tanh({open_ends[0]}) ** 2)"]
    last += [f"    loss = loss + jnp.mean(jnp.sin({v}))" for v in open_ends[1:]]
    names = ", ".join(["x", *(f"w{i}" for i in range(weights))])
    head = f"import jax\nimport jax.numpy as jnp\n\n\ndef forward({names}):"
    return "\n".join([head, *lines, *last, "    return loss", ""])
