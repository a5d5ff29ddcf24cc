"""Optax's own derivatives, judged in three dtypes: the committed atlas, and what was convicted.

    python -m benchmarks.atlas_optax JOURNAL

takes the journal of `refnet atlas optax` and writes the rows and their page.  Every conviction has
been looked at by hand: LOOKED_AT says what was found, with a line that is True with optax alone.
"""

import json
from pathlib import Path
from typing import Any

from verification.atlas import tables

from .atlas import Look, paged, remade

RECORD = Path(__file__).with_suffix(".json")
PAGE = Path(__file__).with_suffix(".md")
WIDENED = Look(
    "Real: with 64 bits on it makes float64 of a narrower argument, and its own rule, or a branch, "
    "then refuses that. With 64 bits off there is no such dtype.",
    "bool(optax.projections.projection_simplex(jnp.ones(3, 'float32')).dtype == 'float64')",
)
LOOKED_AT: dict[str, Look] = {
    "optax.projections.projection_simplex": WIDENED,
    "optax.projections.projection_l1_sphere": WIDENED,
    "optax.projections.projection_l1_ball": WIDENED,
    "optax.scale_gradient": Look(
        "No mistake: another gradient than that of its value is what it is for.",
        "bool(optax.scale_gradient(1.0, 2.0) == 1.0 and "
        "jax.grad(lambda x: optax.scale_gradient(x, 2.0))(1.0) == 2.0)",
    ),
}


def page(atlas: tables.Document) -> str:
    dtypes = ", ".join(dict.fromkeys(row["dtype"] for row in atlas["rows"]))
    ran = f"Run in {dtypes}, two draws for each verdict and no edges, on a machine that was busy."
    return paged(atlas, ran, "Each line is True with optax alone, with 64 bits on.", LOOKED_AT)


def read() -> Any:
    return json.loads(RECORD.read_text())


def main() -> None:
    import optax

    remade("optax", optax.__version__, RECORD, page)


if __name__ == "__main__":
    main()
