"""What docs/updates.md says of torch.optim.Muon: our formula, but for its steps in bfloat16."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

STEEP = (3.4445, -4.7750, 2.0315)
OPTIONS = {
    "muon_decoupled": {},
    "muon_plain": {"nesterov": False},
    "muon_matching": {"adjust_lr_fn": "match_rms_adamw"},
}
BETWEEN = 2.0**-31  # the geometric mean of the units of float64 and bfloat16
RATE, DECAY, WEIGHT_DECAY = 0.02, 0.9, 0.1


def orthogonal(u):
    """Five steps X <- a X + (b A + c A^2) X, A = X X', from u over its norm."""
    a, b, c = STEEP
    x = (u.T if len(u) > len(u[0]) else u) / np.linalg.norm(u)
    for _ in range(5):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if len(u) > len(u[0]) else x


def by_formula(name, weights, gradients):
    rows, columns = weights.shape
    matching = 0.2 * np.sqrt(max(rows, columns))
    scale = matching if name == "muon_matching" else np.sqrt(max(1.0, rows / columns))
    m = np.zeros_like(weights)
    for g in gradients:
        m = DECAY * m + (1.0 - DECAY) * g
        u = m if name == "muon_plain" else DECAY * m + (1.0 - DECAY) * g
        weights = (1.0 - RATE * WEIGHT_DECAY) * weights - RATE * scale * orthogonal(u)
    return weights


def by_torch(name, weights, gradients):
    held = torch.nn.Parameter(torch.tensor(weights))
    more = {"momentum": DECAY, "weight_decay": WEIGHT_DECAY, **OPTIONS[name]}
    optimizer = torch.optim.Muon([held], lr=RATE, **more)
    for g in gradients:
        held.grad = torch.tensor(g)
        optimizer.step()
    return held.detach().numpy()


@pytest.mark.parametrize("shape", [(4, 3), (3, 5)])
@pytest.mark.parametrize("name", OPTIONS)
def test_it_is_that_variant_but_for_bfloat16(name, shape, monkeypatch):
    rng = np.random.default_rng(0)
    weights, gradients = rng.normal(size=shape), [rng.normal(size=shape) for _ in range(5)]
    formula = by_formula(name, weights, gradients)
    rounded = np.abs(by_torch(name, weights, gradients) - formula).max()
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)
    kept = np.abs(by_torch(name, weights, gradients) - formula).max()
    assert kept < BETWEEN < rounded
