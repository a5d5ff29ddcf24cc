"""Networks of refnet beside their twins in PyTorch, same weights: gradients, and ten steps.

`python -m benchmarks.torch_twins` writes torch_twins.json and .md next to this file.  A twin is
judged as anybody's code is: its gradient by vf.validate, its run by vf.validate_training, float32.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import refnet as rn
import verification as vf
from verification.report.findings.writing import write_text
from verification.selftest.spellings.spelling import torch_of

HERE = Path(__file__).parent
RATE, STEPS = 0.05, 10


class Twin(NamedTuple):
    """The loss in JAX and in PyTorch, of weights alone, and the weights."""

    name: str
    ours: Callable
    theirs: Callable
    params: Any


def lenet(key) -> Twin:
    import torch.nn.functional as of  # pyright: ignore[reportMissingImports]

    x = jax.random.uniform(key, (4, 8, 8, 1))
    labels = np.arange(4) % 3

    def theirs(params):
        import torch  # pyright: ignore[reportMissingImports]

        a = torch.tensor(np.array(x)).to(params.head[0].w.dtype).permute(0, 3, 1, 2)
        for layer in (params.first, params.second):
            z = of.conv2d(a, layer.w.permute(3, 2, 0, 1), layer.b, padding=1)
            a = of.max_pool2d(of.relu(z), 2)
        a = a.permute(0, 2, 3, 1).flatten(1)
        first, last = params.head
        logits = of.linear(of.relu(of.linear(a, first.w.T, first.b)), last.w.T, last.b)
        return of.cross_entropy(logits, torch.tensor(labels))

    def ours(params):
        seen = x.astype(params.head[0].w.dtype)
        return rn.softmax_cross_entropy_with_integer_labels(
            rn.lenet(params, seen), jnp.asarray(labels, jnp.int32)
        )

    return Twin("LeNet", ours, theirs, rn.init_lenet(key, (8, 8, 1), 3, (2, 3), 4))


def lstm(key) -> Twin:
    import torch.nn.functional as of  # pyright: ignore[reportMissingImports]

    x, y = jax.random.normal(key, (3, 5, 2)), np.linspace(-1.0, 1.0, 3)[:, None]

    def theirs(params):
        import torch  # pyright: ignore[reportMissingImports]

        u, w, b = params.recurrent
        states = torch.nn.LSTM(2, 4, batch_first=True, dtype=u.dtype)
        told = {"weight_ih_l0": u.T, "weight_hh_l0": w.T, "bias_ih_l0": b, "bias_hh_l0": 0 * b}
        seen = torch.tensor(np.array(x)).to(u.dtype)
        h, _ = torch.func.functional_call(states, told, (seen,))
        out = of.linear(h[:, -1], params.out.w.T, params.out.b)
        return of.mse_loss(out, torch.tensor(y).to(u.dtype))

    def ours(params):
        dtype = params.out.w.dtype
        return rn.mse(rn.recurrent_classifier(params, x.astype(dtype)), jnp.asarray(y, dtype))

    return Twin("LSTM", ours, theirs, rn.init_recurrent_classifier(key, 2, 4, 1))


def gpt(key) -> Twin:
    import torch.nn.functional as of  # pyright: ignore[reportMissingImports]

    symbols = np.array([[1, 4, 2, 0, 3], [3, 3, 0, 1, 2]])
    x, y, heads = symbols[:, :-1], symbols[:, 1:], 2

    def theirs(params):
        import torch  # pyright: ignore[reportMissingImports]

        cut = lambda a: a.unflatten(-1, (heads, -1)).transpose(-2, -3)
        norm = lambda of_, a: of.layer_norm(a, a.shape[-1:], of_.gain, of_.bias)
        a = params.symbols[torch.tensor(x)] + params.places[: x.shape[1]]
        for block in params.blocks:
            s = norm(block.seen, a)
            q, k, v = (cut(s @ m) for m in block.heads[:3])
            o = of.scaled_dot_product_attention(q, k, v, is_causal=True)
            a = a + o.transpose(-2, -3).flatten(-2) @ block.heads.o
            first, last = block.feed
            a = a + of.gelu(norm(block.fed, a) @ first.w + first.b) @ last.w + last.b
        logits = norm(params.norm, a) @ params.symbols.T
        return of.cross_entropy(logits.flatten(0, 1), torch.tensor(y).flatten())

    def ours(params):
        return rn.softmax_cross_entropy_with_integer_labels(
            rn.gpt(params, jnp.asarray(x, jnp.int32), heads), jnp.asarray(y, jnp.int32)
        )

    return Twin("GPT", ours, theirs, rn.init_gpt(key, 5, 4, 1, heads, 4))


TWINS = (lenet, lstm, gpt)


def trained(twin: Twin) -> Callable:
    """Descent in NumPy by the gradients of PyTorch."""
    gradient = torch_of(twin.theirs, (0,))

    def train(params, batches) -> Iterator:
        for _ in batches:
            (slope,) = gradient(params)
            params = jax.tree.map(lambda p, g: p - np.float32(RATE) * g, params, slope)
            yield vf.TrainingStep(params, gradient=slope)

    return train


def judged(twin: Twin) -> dict[str, str]:
    """What the judge says of the gradient, of ten steps, and of a gradient 0.1 % too long."""
    gradient = torch_of(twin.theirs, (0,))
    longer = lambda params: jax.tree.map(lambda g: g * np.float32(1.001), gradient(params))
    ask = lambda g: vf.validate(g, of=twin.ours, args=(twin.params,), dtype="float32")
    run = vf.validate_training(
        *(trained(twin),), of=lambda params, _: twin.ours(params), rule="gradient_descent",
        learning_rate=RATE, params=twin.params, dtype="float32", runs=0,
        batches=[(np.zeros(1, np.float32),)] * STEPS,
    )  # fmt: skip
    found = ask(gradient)
    said = {"network": twin.name, "gradient": str(found.verdict), "because": found.reason}
    said |= {"ten steps": str(run.verdict), "ten steps because": run.reason}
    return said | {"0.1 % too long": str(ask(longer).verdict)}


HEAD = """# Networks beside their twins in PyTorch

The same weights in both; the loss of refnet is the truth, PyTorch's autograd the candidate, in
float32: its gradient by `vf.validate`, ten steps of descent by `vf.validate_training`. The last
column is the control: the same gradient, 0.1 % too long. `undecided` is what
the judge says where it knows no bound of a step. Made by
`python -m benchmarks.torch_twins`.

| network | gradient | ten steps | 0.1 % too long |
| --- | --- | --- | --- |
"""


def main() -> int:
    rows = []
    for make in TWINS:
        rows.append(judged(make(jax.random.key(1))))
        print(rows[-1], flush=True)
    columns = ("network", "gradient", "ten steps", "0.1 % too long")
    table = [f"| {' | '.join(row[c] for c in columns)} |" for row in rows]
    write_text(HERE / "torch_twins.json", json.dumps(rows, indent=2) + "\n")
    write_text(HERE / "torch_twins.md", HEAD + "\n".join(table) + "\n")
    right = all(row["gradient"] == row["ten steps"] == "correct" for row in rows)
    return 0 if right and all(row["0.1 % too long"] == "wrong" for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
