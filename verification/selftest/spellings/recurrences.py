"""Recurrent networks: the plain cell and the LSTM, step after step or all steps at once."""

import jax
import jax.numpy as jnp
import numpy as np

from .activations import expit, logistic, stable
from .spelling import Spelled, derived, jax_of, torch_of

# --- sums over steps: (x, states before, dz), step first, to those of u, w, b, x ------------------


def one_by_one(params, x, before, dz):
    """Added up as the way back meets them, from the last step on."""
    u, w, b = 0 * params.u, 0 * params.w, 0 * params.b
    for t in reversed(range(len(x))):
        u, w, b = u + x[t].T @ dz[t], w + before[t].T @ dz[t], b + dz[t].sum(0)
    return params._replace(u=u, w=w, b=b), np.stack([d @ params.u.T for d in dz])


def first_to_last(params, x, before, dz):
    u = sum(a.T @ d for a, d in zip(x[1:], dz[1:], strict=True)) + x[0].T @ dz[0]
    w = sum(h.T @ d for h, d in zip(before[1:], dz[1:], strict=True)) + before[0].T @ dz[0]
    return params._replace(u=u, w=w, b=sum(d.sum(0) for d in dz)), dz @ params.u.T


def flattened(params, x, before, dz):
    """Steps and examples are one axis."""
    rows = lambda a: a.reshape(-1, a.shape[-1])
    d = rows(dz)
    u, w = rows(x).T @ d, rows(before).T @ d
    return params._replace(u=u, w=w, b=d.sum(0)), (d @ params.u.T).reshape(x.shape)


def einsums(params, x, before, dz):
    u, w = np.einsum("tbi,tbj->ij", x, dz), np.einsum("tbi,tbj->ij", before, dz)
    b = np.einsum("tbj->j", dz)
    return params._replace(u=u, w=w, b=b), np.einsum("tbj,ij->tbi", dz, params.u)


SUMS = {"": one_by_one, ", first to last": first_to_last, ", flat": flattened, ", einsum": einsums}

# --- the plain cell -------------------------------------------------------------------------------

SLOPES = {
    "1 - h^2": lambda h, z: 1 - h * h,
    "(1 - h) (1 + h)": lambda h, z: (1 - h) * (1 + h),
    "sech^2": lambda h, z: 1 / np.cosh(z) ** 2,
}


def plain(slope, sums):
    def gradient(params, x, above):
        states, zs = [np.zeros((x.shape[1], len(params.w)), x.dtype)], []
        for row in x:
            zs.append(row @ params.u + states[-1] @ params.w + params.b)
            states.append(np.tanh(zs[-1]))
        dz, carried = [], np.zeros_like(states[0])
        for t in reversed(range(len(x))):
            dz.append((above[t] + carried) * slope(states[t + 1], zs[t]))
            carried = dz[-1] @ params.w.T
        return sums(params, x, np.stack(states[:-1]), np.stack(dz[::-1]))

    return gradient


def torch_plain(params, x):
    import torch  # pyright: ignore[reportMissingImports]

    states = [x[0] @ params.u * 0]
    for row in x:
        states.append((row @ params.u + states[-1] @ params.w + params.b).tanh())
    return torch.stack(states[1:])


def torch_cell(params, x):
    import torch  # pyright: ignore[reportMissingImports]

    h, out = x[0] @ params.u * 0, []
    for row in x:
        h = torch.rnn_tanh_cell(row, h, params.u.T, params.w.T, params.b, 0 * params.b)
        out.append(h)
    return torch.stack(out)


def jax_plain(params, x):
    h, out = jnp.zeros((x.shape[1], len(params.w)), x.dtype), []
    for row in x:
        h = jnp.tanh(row @ params.u + h @ params.w + params.b[None])
        out.append(h)
    return jnp.stack(out)


# --- the LSTM: gates i, f, g, o -------------------------------------------------------------------


def from_output(sigmoid):
    """The gates are stored after their activation, and read on the way back."""

    def pull(z, before, dh, dc):
        i, f, g, o = np.split(z, 4, -1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        h = np.tanh(f * before + i * g)
        dc = dc + dh * o * (1 - h * h)
        gates = dc * g * i * (1 - i), dc * before * f * (1 - f), dc * i * (1 - g * g)
        return np.concatenate([*gates, dh * h * o * (1 - o)], -1), dc * f

    return pull


def from_input(z, before, dh, dc):
    """The slopes come from the sums: s(z) s(-z) and sech^2."""
    i, f, g, o = np.split(z, 4, -1)
    slope = lambda x: logistic(x) * logistic(-x)
    sech = lambda x: 1 / np.cosh(x) ** 2
    c = logistic(f) * before + logistic(i) * np.tanh(g)
    dc = dc + sech(c) * (logistic(o) * dh)
    dz = slope(i) * np.tanh(g) * dc, slope(f) * before * dc, logistic(i) * sech(g) * dc
    return np.concatenate([*dz, slope(o) * (np.tanh(c) * dh)], -1), logistic(f) * dc


PULLS = {
    "stored gates": from_output(logistic),
    "stored gates, stable": from_output(stable),
    "stored gates, SciPy": from_output(expit),
    "from the sums": from_input,
}


def gated(pull, sums):
    def gradient(params, x, above):
        h = c = np.zeros((x.shape[1], len(params.w)), x.dtype)
        states, cells, zs = [], [], []
        for row in x:
            states.append(h)
            cells.append(c)
            zs.append(row @ params.u + h @ params.w + params.b)
            i, f, g, o = np.split(zs[-1], 4, -1)
            c = logistic(f) * c + logistic(i) * np.tanh(g)
            h = logistic(o) * np.tanh(c)
        dz, dh, dc = [], np.zeros_like(h), np.zeros_like(c)
        for t in reversed(range(len(x))):
            d, dc = pull(zs[t], cells[t], above[t] + dh, dc)
            dz.append(d)
            dh = d @ params.w.T
        return sums(params, x, np.stack(states), np.stack(dz[::-1]))

    return gradient


def torch_gated(params, x):
    import torch  # pyright: ignore[reportMissingImports]

    h, out = x[0] @ params.u[:, : len(params.w)] * 0, []
    c = h
    for row in x:
        i, f, g, o = (row @ params.u + h @ params.w + params.b).chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        out.append(h)
    return torch.stack(out)


def torch_lstm_cell(params, x):
    import torch  # pyright: ignore[reportMissingImports]

    h = c = x[0] @ params.u[:, : len(params.w)] * 0
    out = []
    for row in x:
        h, c = torch.lstm_cell(row, (h, c), params.u.T, params.w.T, params.b, 0 * params.b)
        out.append(h)
    return torch.stack(out)


def jax_gated(params, x):
    def step(state, row):
        h, c = state
        i, f, g, o = jnp.split(row @ params.u + h @ params.w + params.b[None], 4, -1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    zero = jnp.zeros((x.shape[1], len(params.w)), x.dtype)
    return jax.lax.scan(step, (zero, zero), x)[1]


def spelled(make, table):
    return {f"{who}{how}": make(f, sums) for who, f in table.items() for how, sums in SUMS.items()}


RECURRENCES: dict[str, Spelled] = {
    "rnn": derived(
        "rnn",
        spelled(plain, SLOPES)
        | {
            "PyTorch": torch_of(torch_plain, (0, 1)),
            "PyTorch's cell": torch_of(torch_cell, (0, 1)),
            "JAX": jax_of(jax_plain, (0, 1)),
        },
        scales=(1.0, 4.0),
        scaled=(1,),
    ),
    "lstm": derived(
        "lstm",
        spelled(gated, PULLS)
        | {
            "PyTorch": torch_of(torch_gated, (0, 1)),
            "PyTorch's cell": torch_of(torch_lstm_cell, (0, 1)),
            "JAX": jax_of(jax_gated, (0, 1)),
        },
        scales=(1.0, 4.0),
        scaled=(1,),
    ),
}
