"""PyTorch's own database of operators, judged: its autograd against the traced operator.

Of every differentiable operator the first samples of at most 64 entries, around which points are
drawn.  Resumable: rows that are in the table stay; `--seconds` says when to stop.  It wants
`expecttest`, which PyTorch's testing needs.  `rows` is the half of an atlas that is PyTorch's.

Convictions, looked at by hand:
torch.as_strided_scatter(x, s, (), (), 0) of x (1,) and a number s is s, and its gradient in x is 0;
PyTorch 2.13 answers 1.
"""

import argparse
import json
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import verification as vf

RECORD = Path(__file__).with_suffix(".json")
TABLE = Path(__file__).with_suffix(".md")
ENTRIES, SAMPLES, CASES = 64, 3, 2
NEAR = 2.0**-4


def operators(torch) -> Iterator[tuple[str, Any]]:
    """The differentiable ones, by name."""
    from torch.testing._internal.common_methods_invocations import op_db

    for op in op_db:
        if op.supports_autograd and torch.float64 in op.supported_dtypes("cpu"):
            yield op.name + (f".{op.variant_test_name}" if op.variant_test_name else ""), op


def samples(torch, op) -> Iterator[tuple[Any, tuple[np.ndarray, ...]]]:
    """A function of the tensors that move, and a point, for each of the first small samples."""
    tree, taken = torch.utils._pytree, 0
    for sample in op.sample_inputs("cpu", torch.float64, requires_grad=False):
        flat, spec = tree.tree_flatten((sample.input, sample.args, sample.kwargs))
        tensors = [x for x in flat if isinstance(x, torch.Tensor)]
        strange = any(x.is_complex() or x.layout != torch.strided for x in tensors)
        moving = [
            k for k, x in enumerate(flat) if isinstance(x, torch.Tensor) and x.is_floating_point()
        ]
        size = sum(x.numel() for x in tensors)
        strange = strange or any(bool(flat[k].isnan().any()) for k in moving)
        if strange or size > ENTRIES or not any(flat[k].numel() for k in moving):
            continue
        taken += 1
        if taken > SAMPLES:
            return
        yield (
            called(tree, op, sample, flat, spec, moving),
            tuple(flat[k].detach().numpy() for k in moving),
        )


def called(tree, op, sample, flat: list, spec: Any, moving: list[int]):
    def of(*leaves):
        whole = dict(enumerate(flat)) | dict(zip(moving, leaves, strict=True))
        first, args, kwargs = tree.tree_unflatten([whole[k] for k in range(len(flat))], spec)
        out = op.gradcheck_wrapper(op.get_op(), first, *args, **kwargs)
        return sample.output_process_fn_grad(out)

    of.__name__ = op.name
    return of


def around(point: tuple[np.ndarray, ...]):
    """Draws close to a point, so that they stay in the operator's domain."""
    return lambda rng: tuple(x * (1.0 + NEAR * rng.uniform(-1.0, 1.0, x.shape)) for x in point)


def judged(of, point: tuple, dtype: str) -> dict[str, Any]:
    began = time.perf_counter()
    chosen = tuple(k for k, x in enumerate(point) if x.size)
    options = {"argnums": chosen, "dtype": dtype, "cases": CASES, "edges": "none"}
    try:
        found = vf.validate(of, of, around(point), **options)
    except Exception as error:  # the operator's own, at a point of its own
        said = f"{type(error).__name__}: {error}"
        row = {"verdict": "crash", "oracle": "", "reason": said}
    else:
        row = {"verdict": str(found.verdict), "oracle": found.oracle, "reason": found.reason}
    return row | {"seconds": round(time.perf_counter() - began, 2)}


def rows(
    dtypes: tuple[str, ...], seconds: float, done: dict[str, dict], only: set[str] | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name of operator, sample and dtype, row), those not yet done, until the time is over."""
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    until = time.monotonic() + seconds
    for turn in range(SAMPLES):  # the first sample of all of them comes before any second one
        for name, op in operators(torch):
            wanted = [f"{name}/{turn}/{dtype}" for dtype in dtypes]
            if (only and name not in only) or all(key in done for key in wanted):
                continue
            for k, (of, point) in enumerate(samples(torch, op)):
                for dtype in dtypes if k == turn else ():
                    if time.monotonic() > until:
                        return
                    if (key := f"{name}/{turn}/{dtype}") not in done:
                        yield key, judged(of, point, dtype)


def table(done: dict[str, dict]) -> str:
    """Counts of verdicts by dtype, and every row that is neither correct nor inaccurate."""
    lines = ["# PyTorch's operators", "", "| dtype | verdict | by proof | by witnesses |"]
    lines += ["| --- | --- | --- | --- |"]
    kind = lambda key, row: (key.split("/")[2], row["verdict"], "ball" in row["oracle"])
    counts = Counter(kind(key, row) for key, row in done.items())
    for dtype, verdict in sorted({(d, v) for d, v, _ in counts}):
        pair = [counts[dtype, verdict, proven] for proven in (True, False)]
        lines.append(f"| {dtype} | {verdict} | {pair[0]} | {pair[1]} |")
    lines += ["", "| operator, sample, dtype | verdict | why |", "| --- | --- | --- |"]
    for key, row in done.items():
        if row["verdict"] not in ("correct", "inaccurate"):
            why = " ".join(row["reason"].split()).replace("|", "\\|")[:200]
            lines.append(f"| {key} | {row['verdict']} | {why} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--dtypes", nargs="+", default=["float64", "float32"])
    parser.add_argument("--only", nargs="+", default=None)
    parser.add_argument("--out", type=Path, default=RECORD)
    asked = parser.parse_args()
    done = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    only = set(asked.only) if asked.only else None
    for key, row in rows(tuple(asked.dtypes), asked.seconds, done, only):
        done[key] = row
        asked.out.write_text(json.dumps(done, indent=0) + "\n")
    asked.out.with_suffix(".md").write_text(table(done))


if __name__ == "__main__":
    main()
