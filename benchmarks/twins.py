"""Networks of refnet beside their twins in three libraries, same weights: gradients, ten steps.

`python -m benchmarks.twins [NETWORK ...]` writes twins.json and .md next to this file, or judges
the networks that are named again; what is not installed is said not to be there.  A twin is judged
as anybody's code is: its gradient by vf.validate, its run by vf.validate_training, in float32.
"""

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module, metadata
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import verification as vf
from benchmarks.twin_networks import Network, like, networks
from verification.report.findings.writing import write_text
from verification.selftest.spellings.spelling import torch_of

HERE = Path(__file__).parent
RATE, STEPS = 0.05, 10
LIBRARIES = {"PyTorch": "torch", "Flax NNX": "flax", "Equinox": "equinox"}


def installed(library: str) -> bool:
    return importlib.util.find_spec(LIBRARIES[library]) is not None


def gradient_of(library: str, network: Network) -> Callable:
    """gradient(params) by the library's own derivative of its twin."""
    theirs = import_module(f"benchmarks.twins_{LIBRARIES[library]}").TWINS[network.name]
    if library == "PyTorch":
        return _of_torch(theirs, network)

    @jax.jit
    def gradient(params):
        dtype = jax.tree.leaves(params)[0].dtype
        data = [jnp.asarray(like(x, dtype)) for x in network.data]
        return jax.grad(theirs)(params, *data)

    return lambda params: (gradient(params),)


def _of_torch(theirs: Callable, network: Network) -> Callable:
    import torch  # pyright: ignore[reportMissingImports]

    def loss(params):
        dtype = jax.tree.leaves(params)[0].dtype
        data = [torch.tensor(x) for x in network.data]
        return theirs(params, *(x.to(dtype) if x.is_floating_point() else x.long() for x in data))

    return torch_of(loss, (0,))


def trained(gradient: Callable) -> Callable:
    """Descent in NumPy by these gradients."""

    def train(params, batches) -> Iterator:
        for _ in batches:
            slope = jax.tree.map(np.asarray, gradient(params)[0])
            params = jax.tree.map(lambda p, g: p - np.float32(RATE) * g, params, slope)
            yield vf.TrainingStep(params, gradient=slope)

    return train


def judged(library: str, network: Network) -> dict[str, str]:
    """What the judge says of the gradient, of ten steps, and of a gradient 0.1 % too long."""
    gradient = gradient_of(library, network)
    longer = lambda params: jax.tree.map(lambda g: g * np.float32(1.001), gradient(params))
    ask = lambda g: vf.validate(g, of=network.ours, args=(network.params,), dtype="float32")
    run = vf.validate_training(
        *(trained(gradient),), of=lambda params, _: network.ours(params), rule="gradient_descent",
        learning_rate=RATE, params=network.params, dtype="float32", runs=0,
        batches=[(np.zeros(1, np.float32),)] * STEPS,
    )  # fmt: skip
    found = ask(gradient)
    said = {"network": network.name, "library": library}
    said |= {"gradient": str(found.verdict), "because": found.reason}
    said |= {"ten steps": str(run.verdict), "ten steps because": run.reason}
    return said | {"0.1 % too long": str(ask(longer).verdict)}


HEAD = """# Networks beside their twins in other libraries

The same weights in both; the loss of refnet is the truth, the library's derivative of its twin the
candidate, in float32: its gradient by `vf.validate`, ten steps of descent by
`vf.validate_training`. The last column is the control: the same gradient, 0.1 % too long. A GRU of
refnet resets the state, and those of the libraries its product: their twins of it are made of their
layers. Made by `python -m benchmarks.twins`.

| network | library | gradient | ten steps | 0.1 % too long |
| --- | --- | --- | --- | --- |
"""


def page(rows: list[dict[str, str]]) -> str:
    columns = ("network", "library", "gradient", "ten steps", "0.1 % too long")
    table = [f"| {' | '.join(row[c] for c in columns)} |" for row in rows]
    run = {row["library"] for row in rows}
    here = [f"{name} {metadata.version(LIBRARIES[name])}" for name in LIBRARIES if name in run]
    absent = [name for name in LIBRARIES if name not in run]
    where = f"{', '.join(here)}; jax {jax.__version__}."
    missing = f" Not run: {', '.join(absent)}." if absent else ""
    return HEAD + "\n".join(table) + f"\n\n{where}{missing}\n"


def main(names: list[str]) -> int:
    """The record is filled in pieces: a network that is named is judged again, others are kept."""
    known, record = networks(), HERE / "twins.json"
    kept = json.loads(record.read_text()) if names and record.exists() else []
    found = {(row["network"], row["library"]): row for row in kept}
    for name in names or known:
        for library in filter(installed, LIBRARIES):
            found[name, library] = judged(library, known[name])
            print(found[name, library], flush=True)
    order = [(name, library) for name in known for library in LIBRARIES]
    rows = [found[key] for key in order if key in found]
    write_text(record, json.dumps(rows, indent=2) + "\n")
    write_text(HERE / "twins.md", page(rows))
    right = all(row["gradient"] == row["ten steps"] == "correct" for row in rows)
    return 0 if right and all(row["0.1 % too long"] == "wrong" for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
