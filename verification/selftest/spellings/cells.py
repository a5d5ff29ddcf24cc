"""The gated recurrent unit, step after step or at once; positions as turned points."""

import jax
import jax.numpy as jnp
import numpy as np

from .activations import logistic, stable
from .spelling import Spelled, derived, jax_of, torch_of

# --- the gated recurrent unit -------------------------------------------------------------------


def gru_with(sigmoid, slope, sums):
    """`slope` is that of the gates; `sums` adds the weights' gradients up over steps."""

    def gradient(params, x, above):
        n = len(params.w)
        cut = lambda a: np.split(a, 3, -1)
        wr, wz, wn = cut(params.w)
        states, stored = [np.zeros((x.shape[1], n), x.dtype)], []
        for row in x:
            h, (ar, az, an) = states[-1], cut(row @ params.u + params.b)
            ar, az = ar + h @ wr, az + h @ wz
            r, z = sigmoid(ar), sigmoid(az)
            new = np.tanh(an + (r * h) @ wn)
            stored.append((ar, az, r, z, new))
            states.append(z * h + (1 - z) * new)
        dh, da = np.zeros_like(states[0]), []
        for t in reversed(range(len(x))):
            (ar, az, r, z, new), h, d = stored[t], states[t], above[t] + dh
            dan = d * (1 - z) * (1 - new * new)
            dr = dan @ wn.T
            dar, daz = dr * h * slope(r, ar), d * (h - new) * slope(z, az)
            dh = d * z + dr * r + dar @ wr.T + daz @ wz.T
            da.append(np.concatenate([dar, daz, dan], -1))
        before, reset = np.stack(states[:-1]), np.stack([s[2] for s in stored])
        return sums(params, x, before, reset * before, np.stack(da[::-1]))

    return gradient


def step_by_step(params, x, h, gated, da):
    n = len(params.w)
    u, w, b = 0 * params.u, 0 * params.w, 0 * params.b
    for t in reversed(range(len(x))):
        dw = [h[t].T @ da[t][:, : 2 * n], gated[t].T @ da[t][:, 2 * n :]]
        u, w, b = u + x[t].T @ da[t], w + np.concatenate(dw, -1), b + da[t].sum(0)
    return params._replace(u=u, w=w, b=b), np.stack([d @ params.u.T for d in da])


def flattened(params, x, h, gated, da):
    rows, n = (lambda a: a.reshape(-1, a.shape[-1])), len(params.w)
    d = rows(da)
    w = np.concatenate([rows(h).T @ d[:, : 2 * n], rows(gated).T @ d[:, 2 * n :]], -1)
    return params._replace(u=rows(x).T @ d, w=w, b=d.sum(0)), da @ params.u.T


def summed(params, x, h, gated, da):
    n, outer = len(params.w), lambda a, d: np.einsum("tbi,tbj->ij", a, d)
    w = np.concatenate([outer(h, da[..., : 2 * n]), outer(gated, da[..., 2 * n :])], -1)
    dx = np.einsum("tbj,ij->tbi", da, params.u)
    return params._replace(u=outer(x, da), w=w, b=np.einsum("tbj->j", da)), dx


def torch_gru(params, x):
    import torch  # pyright: ignore[reportMissingImports]

    n, out = len(params.w), []
    h = x[0] @ params.u[:, :n] * 0
    for row in x:
        a = row @ params.u + params.b
        r, z = (a[:, : 2 * n] + h @ params.w[:, : 2 * n]).sigmoid().chunk(2, -1)
        new = (a[:, 2 * n :] + (r * h) @ params.w[:, 2 * n :]).tanh()
        h = z * h + (1 - z) * new
        out.append(h)
    return torch.stack(out)


def jax_gru(params, x):
    n, out = len(params.w), []
    h = jnp.zeros((x.shape[1], n), x.dtype)
    for row in x:
        a = row @ params.u + params.b[None]
        r, z = jnp.split(jax.nn.sigmoid(a[:, : 2 * n] + h @ params.w[:, : 2 * n]), 2, -1)
        new = jnp.tanh(a[:, 2 * n :] + (r * h) @ params.w[:, 2 * n :])
        h = new + z * (h - new)
        out.append(h)
    return jnp.stack(out)


SIGMOIDS = {
    "s (1 - s)": (logistic, lambda s, a: s * (1 - s)),
    "s(a) s(-a)": (stable, lambda s, a: stable(a) * stable(-a)),
}
OVER_STEPS = {"": step_by_step, ", flat": flattened, ", einsum": summed}
GRU = {
    f"{name}{how}": gru_with(sigmoid, slope, sums)
    for name, (sigmoid, slope) in SIGMOIDS.items()
    for how, sums in OVER_STEPS.items()
} | {"PyTorch": torch_of(torch_gru, (0, 1)), "JAX": jax_of(jax_gru, (0, 1))}

# --- turned positions ---------------------------------------------------------------------------


def waves(x, base=16.0):
    d = x.shape[-1]
    rates = np.asarray(base ** (-np.arange(0, d, 2) / d), x.dtype)
    a = np.arange(len(x)).astype(x.dtype)[:, None] * rates
    return np.cos(a), np.sin(a)


def halves(x, dy):
    (c, s), (p, q) = waves(x), np.split(dy, 2, -1)
    return np.concatenate([p * c + q * s, q * c - p * s], -1)


def half_rotated(x, dy):
    """dy cos - (the other half, the first negative) sin, on doubled waves."""
    c, s = (np.concatenate([w, w], -1) for w in waves(x))
    p, q = np.split(dy, 2, -1)
    return dy * c - np.concatenate([-q, p], -1) * s


def by_matrices(x, dy):
    c, s = waves(x)
    back = np.stack([np.stack([c, s], -1), np.stack([-s, c], -1)], -2)
    points = np.stack(np.split(dy, 2, -1), -1)
    turned = np.einsum("tkij,tkj->tki", back, points)
    return np.concatenate([turned[..., 0], turned[..., 1]], -1)


def minus_the_angle(x, dy):
    (c, s), (p, q) = waves(x), np.split(dy, 2, -1)
    s = -s
    return np.concatenate([p * c - q * s, p * s + q * c], -1)


def into_place(x, dy):
    (c, s), out, n = waves(x), np.empty_like(dy), x.shape[-1] // 2
    out[:, :n] = c * dy[:, :n]
    out[:, :n] += s * dy[:, n:]
    out[:, n:] = c * dy[:, n:]
    out[:, n:] -= s * dy[:, :n]
    return out


def number_by_number(x, dy):
    (c, s), out, n = waves(x), np.empty_like(dy), x.shape[-1] // 2
    for t, k in np.ndindex(c.shape):
        out[t, k] = dy[t, k] * c[t, k] + dy[t, k + n] * s[t, k]
        out[t, k + n] = dy[t, k + n] * c[t, k] - dy[t, k] * s[t, k]
    return out


def torch_rotary(x):
    import torch  # pyright: ignore[reportMissingImports]

    d = x.shape[-1]
    a = torch.arange(len(x))[:, None] * 16.0 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    c, s = a.cos().to(x.dtype), a.sin().to(x.dtype)
    p, q = x.chunk(2, -1)
    return torch.cat([p * c - q * s, p * s + q * c], -1)


def jax_rotary(x):
    (c, s), (p, q) = waves(x), jnp.split(x, 2, -1)
    return jnp.concatenate([p * c - q * s, p * s + q * c], -1)


ROTARY = {
    "halves": halves,
    "half rotated": half_rotated,
    "matrices": by_matrices,
    "minus the angle": minus_the_angle,
    "into place": into_place,
    "number by number": number_by_number,
    "PyTorch": torch_of(torch_rotary),
    "JAX": jax_of(jax_rotary),
}

CELLS: dict[str, Spelled] = {
    "gru": derived("gru", GRU, scales=(1.0, 4.0), scaled=(1,)),
    "rotary": derived("rotary", ROTARY, scales=(1.0, 64.0)),
}
