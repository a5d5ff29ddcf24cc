"""What people see of a finding, as pages: python .ci/screens.py FOLDER.

A terminal, pytest, a notebook, the page that is shared, a check: each is written to FOLDER by what
makes it for a user, so that .ci/overflow can measure and picture it at every width and shade.
"""

import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import verification as vf
from verification.vocabulary.html import page

TERMINAL = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title><style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; padding: 1rem; background: #ffffff; color: #1c2024; }}
pre {{ margin: 0; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #15181b; color: #e7e6e1; }} }}
</style></head><body><pre>{text}</pre></body></html>
"""


def network(params, x, y):
    hidden = jnp.tanh(x @ params["w"] + params["b"])
    return jnp.mean((hidden @ params["v"] - y) ** 2)


def averaged(params, x, y):
    """Mistake: the bias of the hidden layer is averaged over the batch once more."""
    hidden = np.tanh(x @ params["w"] + params["b"])
    error = 2 * (hidden @ params["v"] - y) / len(y)
    dz = np.outer(error, params["v"]) * (1 - hidden**2)
    return {"w": x.T @ dz, "b": dz.mean(axis=0), "v": hidden.T @ error}


def by_exponentials(inputs, g):
    """Loses its digits: inf / inf where the inputs are large."""
    return g * np.exp(inputs) / (1 + np.exp(inputs))


def sample(rng):
    sizes = {"w": (3, 12), "b": 12, "v": 12}
    params = {name: rng.normal(size=size) for name, size in sizes.items()}
    return params, rng.normal(size=(8, 3)), rng.normal(size=8)


def pages() -> Iterator[tuple[str, str]]:
    """(name, page)."""
    wrong = vf.validate(averaged, network, sample, cases=4)
    check = vf.check("dense", cases=2, dtypes=("float64", "bfloat16"))
    yield "terminal", TERMINAL.format(title="refnet validate", text=escape(str(wrong)))
    yield "pytest", TERMINAL.format(title="pytest", text=escape(failure(wrong)))
    points = lambda rng: (100 * rng.normal(size=4),)
    lossy = vf.validate(by_exponentials, jax.nn.softplus, points, cases=4)
    yield "finding", page([wrong._repr_html_()], "A finding of refnet")
    yield "inaccurate", page([lossy._repr_html_()], "A finding of refnet")
    yield "check", page([check._repr_html_()], "A check of refnet")


def failure(finding: vf.Finding) -> str:
    """As pytest shows what assert_gradient raises."""
    lines = [f"E   {line}" for line in str(finding).splitlines()]
    return "\n".join(["_" * 24 + " test_gradient " + "_" * 24, "", *lines])


def main(folder: str) -> None:
    for name, text in pages():
        (Path(folder) / f"{name}.html").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
