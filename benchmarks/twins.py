"""Networks of refnet beside their twins in three libraries, same weights: gradients, ten steps.

`python -m benchmarks.twins [NETWORK[/LIBRARY] ...]` writes twins.json and .md next to this file, or
judges what is named again; what is not installed is said not to be there.  A twin is judged as
anybody's code is: its gradient by vf.validate, its run by vf.validate_training, in float32.
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
from benchmarks.twin_networks import NETWORKS, Network, like, network
from verification.report.findings.writing import write_text
from verification.selftest.spellings.spelling import torch_of

HERE = Path(__file__).parent
RATE, STEPS, CASES = 0.05, 10, 3
LONGER, DECAY = 1.001, 0.001  # what is planted
PLANTED = ("0.1 % too long", "one term too many", "steps 0.1 % too long")
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


def trained(gradient: Callable, rate: float = RATE) -> Callable:
    """Descent in NumPy by these gradients."""

    def train(params, batches) -> Iterator:
        for _ in batches:
            slope = jax.tree.map(np.asarray, gradient(params)[0])
            params = jax.tree.map(lambda p, g: p - np.float32(rate) * g, params, slope)
            yield vf.TrainingStep(params, gradient=slope)

    return train


def judged(library: str, network: Network) -> dict[str, str]:
    """What the judge says of the gradient, of ten steps, and of three mistakes planted in them."""
    gradient = gradient_of(library, network)
    longer = lambda params: jax.tree.map(lambda g: g * np.float32(LONGER), gradient(params))
    ask = lambda g: vf.validate(
        g, of=network.ours, args=network.points, dtype="float32", cases=CASES, edges="none"
    )
    run = lambda train: vf.validate_training(
        *(train,), of=lambda params, _: network.ours(params), rule="gradient_descent",
        learning_rate=RATE, params=network.params, dtype="float32", runs=0,
        batches=[(np.zeros(1, np.float32),)] * STEPS,
    )  # fmt: skip
    found, steps = ask(gradient), run(trained(gradient))
    said = {"network": network.name, "library": library}
    said |= {"gradient": str(found.verdict), "because": found.reason}
    said |= {"ten steps": str(steps.verdict), "ten steps because": steps.reason}
    planted = (ask(longer), ask(decayed(gradient)), run(trained(gradient, LONGER * RATE)))
    return said | {name: str(one.verdict) for name, one in zip(PLANTED, planted, strict=True)}


def decayed(gradient: Callable) -> Callable:
    """One term too many: a decay of 0.001 in the first matrix, and nowhere else."""

    def wrong(params):
        leaves, tree = jax.tree.flatten(gradient(params)[0])
        kept = jax.tree.leaves(params)
        k = next(k for k, leaf in enumerate(leaves) if np.ndim(leaf) > 1)
        leaves[k] = leaves[k] + np.float32(DECAY) * np.asarray(kept[k])
        return (jax.tree.unflatten(tree, leaves),)

    return wrong


HEAD = """# Networks beside their twins in other libraries

The same weights in both; the loss of refnet is the truth, the library's derivative of its twin the
candidate, in float32: its gradient by `vf.validate`, at weights drawn around the first ones, and
ten steps of descent by `vf.validate_training`. The last three columns are the control: the same
gradient 0.1 % too long, with one term too many (a decay of 0.001 in the first matrix), and steps
0.1 % too long. A GRU of refnet resets the state, and those of the libraries its product: their
twins of it are made of their layers, as is the plain recurrent network in Equinox, which has none.
A deep equilibrium is solved for on the way back in PyTorch, and differentiated step by step in the
other two. What is empty was judged at the first weights alone, before these columns were there.
Made by `python -m benchmarks.twins`.

"""


def page(rows: list[dict[str, str]]) -> str:
    columns = ("network", "library", "gradient", "ten steps", *PLANTED)
    table = [f"| {' | '.join(columns)} |", "| --- " * len(columns) + "|"]
    table += [f"| {' | '.join(row.get(c, '') for c in columns)} |" for row in rows]
    run = {row["library"] for row in rows}
    here = [f"{name} {metadata.version(LIBRARIES[name])}" for name in LIBRARIES if name in run]
    absent = [name for name in LIBRARIES if name not in run]
    where = f"{', '.join(here)}; jax {jax.__version__}."
    missing = f" Not run: {', '.join(absent)}." if absent else ""
    return HEAD + "\n".join(table) + f"\n\n{where}{missing}\n"


def main(names: list[str]) -> int:
    """The record is filled in pieces: what is named is judged again, others are kept."""
    record = HERE / "twins.json"
    kept = json.loads(record.read_text()) if names and record.exists() else []
    found = {(row["network"], row["library"]): row for row in kept}
    rows = list(found.values())
    for name, library in asked(names or list(NETWORKS)):
        found[name, library] = judged(library, network(name))
        print(found[name, library], flush=True)
        order = [(name, library) for name in NETWORKS for library in LIBRARIES]
        rows = [found[key] for key in order if key in found]
        write_text(record, json.dumps(rows, indent=2) + "\n")
        write_text(HERE / "twins.md", page(rows))
    right = all(row["gradient"] == row["ten steps"] == "correct" for row in rows)
    return 0 if right and all(row.get(name) == "wrong" for row in rows for name in PLANTED) else 1


def asked(names: list[str]) -> Iterator[tuple[str, str]]:
    """Each network in every library that is installed, or in the one behind a slash."""
    for name in names:
        which, _, library = name.partition("/")
        yield from ((which, one) for one in LIBRARIES if installed(one) and library in ("", one))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
