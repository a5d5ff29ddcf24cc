"""Mixture of experts: chosen by sorting or by a threshold, one by one or at once; its balance."""

import jax
import jax.numpy as jnp
import numpy as np

from .layers import apart, by_logs, inner, plain
from .losses import softmax
from .spelling import Spelled, derived, jax_of, torch_of


def by_sorting(logits, top=2):
    chosen = np.zeros(logits.shape, bool)
    np.put_along_axis(chosen, np.argsort(-logits, -1)[:, :top], True, -1)
    return chosen


def by_threshold(logits, top=2):
    return logits >= np.sort(logits, -1)[:, -top][:, None]


def routed(choose, shares, pull, sums):
    def gradient(params, x, dy):
        logits = x @ params.router
        p = shares(np.where(choose(logits), logits, logits.dtype.type(-1e4)))
        z = np.stack([x @ w for w in params.up])
        h = np.maximum(z, 0)
        y = np.stack([a @ w for a, w in zip(h, params.down, strict=True)])
        dl = pull(p, (y * dy).sum(-1).T, None, None)
        d = p.T[:, :, None] * dy
        dx, up, down = sums(params, x, z > 0, h, d)
        weights = params._replace(router=x.T @ dl, up=up, down=down)
        return weights, dx + dl @ params.router.T

    return gradient


def expert_by_expert(params, x, live, h, d):
    dx, up, down = np.zeros_like(x), np.zeros_like(params.up), np.zeros_like(params.down)
    for e in range(len(d)):
        dz = (d[e] @ params.down[e].T) * live[e]
        dx, up[e], down[e] = dx + dz @ params.up[e].T, x.T @ dz, h[e].T @ d[e]
    return dx, up, down


def all_at_once(params, x, live, h, d):
    dz = np.einsum("ebw,ehw->ebh", d, params.down) * live
    up, down = np.einsum("bw,ebh->ewh", x, dz), np.einsum("ebh,ebw->ehw", h, d)
    return np.einsum("ebh,ewh->bw", dz, params.up), up, down


def torch_experts(params, x):
    import torch  # pyright: ignore[reportMissingImports]

    top, places = (x @ params.router).topk(2, -1)
    p = top.softmax(-1)
    y = torch.stack([(x @ u).relu() @ d for u, d in zip(params.up, params.down, strict=True)], 1)
    return (y.gather(1, places[:, :, None].expand(-1, -1, y.shape[-1])) * p[:, :, None]).sum(1)


def jax_experts(params, x):
    logits = x @ params.router
    least = jnp.sort(logits, -1)[:, -2][:, None]
    p = jax.nn.softmax(jnp.where(logits >= least, logits, -1e4), -1)
    h = jax.nn.relu(jnp.einsum("bw,ewh->ebh", x, params.up))
    return jnp.einsum("be,ebh,ehw->bw", p, h, params.down)


CHOICES = {"sorted": (by_sorting, softmax, inner), "threshold": (by_threshold, by_logs, apart)}
MIXTURE = {
    f"{name}, {how}": routed(choose, shares, pull, sums)
    for name, (choose, shares, pull) in CHOICES.items()
    for how, sums in {"expert by expert": expert_by_expert, "at once": all_at_once}.items()
} | {
    "plain shares": routed(by_sorting, plain, inner, expert_by_expert),
    "plain shares, at once": routed(by_threshold, plain, apart, all_at_once),
    "PyTorch": torch_of(torch_experts, (0, 1)),
    "JAX": jax_of(jax_experts, (0, 1)),
}


def balanced(shares, pull):
    def gradient(z):
        most = z.argmax(-1)
        f = np.array([(most == e).sum() for e in range(z.shape[-1])]).astype(z.dtype)
        factor = z.dtype.type(z.shape[-1]) / z.dtype.type(len(z)) / z.dtype.type(len(z))
        return pull(shares(z), np.broadcast_to(f * factor, z.shape), None, None)

    return gradient


def row_by_row(z):
    p, n, e = softmax(z), z.dtype.type(len(z)), z.dtype.type(z.shape[-1])
    f = np.eye(z.shape[-1], dtype=z.dtype)[z.argmax(-1)].sum(0) / n
    return np.stack([a * (f - a @ f) * (e / n) for a in p])


def counted(z):
    """f, held."""
    one = jnp.argmax(z, -1)[:, None] == jnp.arange(z.shape[-1])[None]
    return one.astype(z.dtype).mean(0)


def torch_balance(z):
    import torch  # pyright: ignore[reportMissingImports]

    n = z.shape[-1]
    f = torch.nn.functional.one_hot(z.argmax(-1), n).to(z.dtype).mean(0)
    return (f * z.softmax(-1).mean(0)).sum() * n


BALANCE = {
    "p (f - p . f)": balanced(softmax, inner),
    "p f - p (p . f)": balanced(softmax, apart),
    "by logarithms": balanced(by_logs, inner),
    "without the maximum": balanced(plain, apart),
    "row by row": row_by_row,
    "PyTorch": torch_of(torch_balance),
    "JAX": jax_of(lambda z: (counted(z) * jax.nn.softmax(z, -1).mean(0)).sum() * z.shape[-1]),
}
EXPERTS: dict[str, Spelled] = {
    "mixture_of_experts": derived("mixture_of_experts", MIXTURE, scales=(1.0, 2.0), scaled=(1,)),
    "balancing_loss": derived("balancing_loss", BALANCE, scales=(0.5, 1.0)),
}
