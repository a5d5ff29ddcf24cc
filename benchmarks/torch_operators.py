"""PyTorch's own database of operators, judged: the committed half of the atlas that is PyTorch's.

    python -m benchmarks.torch_operators JOURNAL

takes the journal of `refnet atlas torch` and writes the rows and their page.  Every conviction has
been looked at by hand: LOOKED_AT says what was found, with a line that is True in PyTorch alone.
"""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from verification.atlas import campaign, tables

from .atlas import Look, committed, paged

RECORD = Path(__file__).with_suffix(".json")
PAGE = Path(__file__).with_suffix(".md")
PASSES = ("correct", "inaccurate")
LOOKED_AT: dict[str, Look] = {
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
        f"each sample.\n\n{shares(atlas)}"
    )
    return paged(atlas, ran, "Each line is True in PyTorch alone.", LOOKED_AT)


def read() -> Any:
    return json.loads(RECORD.read_text())


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("journal", type=Path)
    rows = campaign.read(parser.parse_args().journal).values()
    committed(tables.document("torch", torch.__version__, rows), RECORD)
    PAGE.write_text(page(read()))


if __name__ == "__main__":
    main()
