"""PyTorch's own database of operators, judged: the committed half of the atlas that is PyTorch's.

    python -m benchmarks.torch_operators JOURNAL

takes the journal of `refnet atlas torch` and writes the rows and their page.  Every conviction has
been looked at by hand: LOOKED_AT says what was found, with a line that is True in PyTorch alone.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from verification.atlas import tables

from .atlas import Look, paged, remade

RECORD = Path(__file__).with_suffix(".json")
PAGE = Path(__file__).with_suffix(".md")
PASSES = ("correct", "inaccurate")


def rounds(name: str) -> Look:
    """A cast that is judged beside the identity, whose slope it has."""
    line = f"torch.tensor(0.1, dtype=torch.float64).{name}().double().item() != 0.1"
    return Look("No mistake: to drop digits is what it is for.", line)


TRIGAMMA = Look(
    "Real: its slope is polygamma of order 1, which has half the digits of float64; "
    "`torch.special.zeta` has them all.",
    "(lambda x: bool(abs(torch.special.polygamma(1, x) - torch.special.zeta(2 * x / x, x))"
    " > 1e-11))"
    "(torch.tensor(1.5, dtype=torch.float64))",
)
DIGAMMA = Look(
    "Real: at negative arguments it is reflected by the tangent of pi x, and loses digits; its "
    "slopes, polygamma of higher orders, have half the digits of float64.",
    "(lambda x: bool(abs(torch.digamma(x) - torch.digamma(x + 9) + sum(1 / (x + k) for k in "
    "range(9))) > 3e-14))(torch.tensor(-1.94316, dtype=torch.float64))",
)
BY_SINGULAR_VALUES = Look(
    "No mistake: it goes by singular values, and the budget by orthogonal factors; the last "
    "digits differ.",
    "(lambda a: bool((torch.pinverse(a) != torch.linalg.solve(a.mT @ a, a.mT)).any()))"
    "(torch.arange(6, dtype=torch.float64).reshape(3, 2).sin())",
)
UNPOOLED = Look(
    "Real, where two values go to one place: the one that is written over has a slope as well. "
    "PyTorch's documentation says that the value is not determined there.",
    "(lambda x: torch.autograd.grad(torch.nn.functional.max_unpool1d(x, torch.tensor([[0, 0]])"
    ", 2).sum(), x)[0].tolist() == [[1.0, 1.0]])(torch.ones(1, 2, requires_grad=True))",
)
LOOKED_AT: dict[str, Look] = {
    **{f"torch.polygamma:polygamma_n_{n}": DIGAMMA for n in range(5)},
    "torch.special.polygamma:special_polygamma_n_0": DIGAMMA,
    **dict.fromkeys(
        ("torch.pinverse", "torch.linalg.pinv", "torch.linalg.pinv:hermitian"), BY_SINGULAR_VALUES
    ),
    "torch.special.i1e": Look(
        "Real: in float32 it is a Chebyshev series that is off by 16 units in the last place.",
        "(lambda x: bool(abs(torch.special.i1e(x.float()).double() / torch.special.i1e(x) - 1)"
        " > 15 * 2**-24))(torch.tensor(-8.0, dtype=torch.float64))",
    ),
    "torch.linalg.householder_product": Look(
        "Digits lost in float32, at most 2.3 times what is allowed: its backward pass undoes one "
        "reflection after another, and divides by tau |v|^2 - 1 for that.",
        "(lambda g, a, t: bool(abs(g(a.float(), t.float()) - g(a.float().double(), "
        "t.float().double())).max() > 2**-23))(lambda a, t: torch.autograd.grad("
        "torch.linalg.householder_product(a.requires_grad_(), t).sin().sum(), a)[0], "
        "torch.arange(25.0, dtype=torch.float64).reshape(5, 5).sin(), "
        "torch.arange(5.0, dtype=torch.float64).cos())",
    ),
    "torch.linalg.norm:subgradients_at_zero": Look(
        "No mistake: the number of entries that are not 0 jumps where they are 0, and the proof "
        "has it from beside the jump.",
        "torch.linalg.norm(torch.zeros(5), ord=0).item() == 0.0 and "
        "torch.linalg.norm(torch.full((5,), 1e-30), ord=0).item() == 5.0",
    ),
    **{f"torch.{name}": rounds(name) for name in ("float", "half", "bfloat16", "cfloat")},
    "torch.chalf": rounds("half"),
    "torch.digamma": TRIGAMMA,
    "torch.mvlgamma:mvlgamma_p_1": TRIGAMMA,
    "torch.nn.functional.hardsigmoid": Look(
        "Real: its slope is 1/6 in float32, for float64 arguments too.",
        "(lambda x: torch.autograd.grad(torch.nn.functional.hardsigmoid(x), x)[0].item() != 1 / 6)"
        "(torch.zeros((), dtype=torch.float64, requires_grad=True))",
    ),
    **{f"torch.nn.functional.max_unpool{n}d": UNPOOLED for n in (1, 2, 3)},
    "torch.as_strided_scatter": Look(
        "Real: where the whole of x is written over its slope is 0; PyTorch answers 1.",
        "(lambda x: torch.autograd.grad(torch.as_strided_scatter("
        "x, torch.tensor(2.0), (), (), 0).sum(), x)[0].item() == 1.0)"
        "(torch.ones(1, requires_grad=True))",
    ),
}


def shares(atlas: tables.Document) -> str:
    """In parts of all rows of a dtype: passes by proof, passes by measurement, and the others."""
    lines = []
    for dtype in dict.fromkeys(row["dtype"] for row in atlas["rows"]):
        mine = [row for row in atlas["rows"] if row["dtype"] == dtype]
        counts = Counter(_kind(row) for row in mine)
        part = [f"{100.0 * counts[kind] / len(mine):.1f} %" for kind in KINDS]
        operators = {row["name"].partition("/")[0] for row in mine}
        lines.append((dtype, len(operators), len(mine), *part))
    return tables.table(("dtype", "operators", "samples", *KINDS), lines)


KINDS = ("passes, proven", "passes, measured", "others")


def _kind(row: dict[str, Any]) -> str:
    if row["verdict"] not in PASSES:
        return KINDS[2]
    return KINDS[0] if row["oracle"] == "ball" else KINDS[1]


def page(atlas: tables.Document) -> str:
    ran = (
        "Every differentiable operator of `torch.testing`'s `op_db` at its first three samples of "
        "at most 64 real entries, its autograd against the traced operator, at two points around "
        "each sample. Numbers that a sample holds still are those of float32. "
        f"The rows are from several versions of refnet.\n\n{shares(atlas)}"
    )
    return paged(atlas, ran, "Each line is True in PyTorch alone.", LOOKED_AT)


def read() -> Any:
    return json.loads(RECORD.read_text())


def main() -> None:
    import torch

    remade("torch", torch.__version__, RECORD, page)


if __name__ == "__main__":
    main()
