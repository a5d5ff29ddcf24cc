"""Attention, recurrent networks and embeddings with one mistake each."""

import jax.numpy as jnp

from ...derivations.layers import attention, embedding, lstm, multi_head_attention, rnn, softmax

# --- attention -------------------------------------------------------------------------------


def attention_with(scores, use_mask: bool = True):
    """ds is scores(p, dp)."""

    def gradient(q, k, v, mask, do):
        p = attention.masked_softmax(attention.scores(q, k), mask)
        seen = p if use_mask else softmax.function(attention.scores(q, k))
        ds = scores(seen, do @ jnp.swapaxes(v, -1, -2))
        dq, dk = attention.pull_scores(q, k, ds)
        return dq, dk, jnp.swapaxes(p, -1, -2) @ do

    return gradient


def right_scores(p, dp):
    return p * softmax.less_mean(p, dp)


def no_scale(q, k, v, mask, do):
    dq, dk, dv = attention.gradient(q, k, v, mask, do)
    root = q.shape[-1] ** 0.5
    return dq * root, dk * root, dv


def scale_twice(q, k, v, mask, do):
    dq, dk, dv = attention.gradient(q, k, v, mask, do)
    root = q.shape[-1] ** 0.5
    return dq / root, dk / root, dv


def scale_of_values(q, k, v, mask, do):
    """sqrt of the width of the values, where that of the keys belongs."""
    dq, dk, dv = attention.gradient(q, k, v, mask, do)
    ratio = (q.shape[-1] / v.shape[-1]) ** 0.5
    return dq * ratio, dk * ratio, dv


def causal_off_by_one(q, k, v, mask, do):
    """The backward mask sees one step less than the forward's."""
    dq, dk, _ = attention.gradient(q, k, v, mask & jnp.roll(mask, -1, axis=-1) | _first(mask), do)
    return dq, dk, attention.gradient(q, k, v, mask, do)[2]


def _first(mask):
    return jnp.arange(mask.shape[-1])[None, :] == 0


def values_from_scores(q, k, v, mask, do):
    """dv = s' do: the scores where the probabilities belong."""
    dq, dk, _ = attention.gradient(q, k, v, mask, do)
    return dq, dk, jnp.swapaxes(attention.scores(q, k), -1, -2) @ do


def query_path_only(q, k, v, mask, do):
    dq, dk, dv = attention.gradient(q, k, v, mask, do)
    return dq, jnp.zeros_like(dk), dv


# --- several heads ---------------------------------------------------------------------------


def heads_with(pieces):
    """dx and the gradients of the weights from pieces(params, x, dq, dk, dv, do, o, dy)."""

    def gradient(params, x, mask, dy):
        cut, join = multi_head_attention.cut, multi_head_attention.join
        q, k, v = (cut(x @ w) for w in params[:3])
        o = join(attention.function(q, k, v, mask[None]))
        do = cut(dy @ params.o.T)
        dq, dk, dv = map(join, attention.gradient(q, k, v, mask[None], do))
        return pieces(params, x, dq, dk, dv, o, dy)

    return gradient


def _heads(params, x, dq, dk, dv, o, dy, dx):
    return multi_head_attention.Heads(x.T @ dq, x.T @ dk, x.T @ dv, o.T @ dy), dx


def input_overwritten(params, x, dq, dk, dv, o, dy):
    return _heads(params, x, dq, dk, dv, o, dy, dv @ params.v.T)


def keys_and_values_swapped(params, x, dq, dk, dv, o, dy):
    dx = dq @ params.q.T + dk @ params.k.T + dv @ params.v.T
    return _heads(params, x, dq, dv, dk, o, dy, dx)


def heads_exchanged(params, x, dq, dk, dv, o, dy):
    """The heads in the wrong order: columns cut the other way."""
    turn = lambda d: d.reshape(len(d), -1, multi_head_attention.HEADS)
    other = lambda d: jnp.swapaxes(turn(d), 1, 2).reshape(d.shape)
    dq, dk, dv = map(other, (dq, dk, dv))
    dx = dq @ params.q.T + dk @ params.k.T + dv @ params.v.T
    return _heads(params, x, dq, dk, dv, o, dy, dx)


# --- recurrent networks ----------------------------------------------------------------------


def rnn_with(carry=lambda d: d, state=lambda states, t: states[t], last_only=False, reset=False):
    def gradient(params, x, dout):
        states = jnp.concatenate([rnn.start(params, x)[None], rnn.function(params, x)])
        u, w, b = map(jnp.zeros_like, params)
        carried, rows = jnp.zeros_like(states[0]), []
        for t in reversed(range(len(x))):
            dz = (1.0 - states[t + 1] ** 2) * (dout[t] + carried)
            keep = 0.0 if last_only else 1.0
            u, w = keep * u + x[t].T @ dz, keep * w + state(states, t).T @ dz
            b = keep * b + jnp.sum(dz, axis=0)
            carried = carry(jnp.zeros_like(dz) if reset and t == len(x) - 1 else dz @ params.w.T)
            rows.append(dz @ params.u.T)
        return rnn.Recurrent(u, w, b), jnp.stack(rows[::-1])

    return gradient


def rows_backwards(params, x, dout):
    d, dx = rnn.gradient(params, x, dout)
    return d, jnp.flip(dx, axis=0)


def state_not_transposed(params, x, dout):
    states = jnp.concatenate([rnn.start(params, x)[None], rnn.function(params, x)])
    u, w, b = map(jnp.zeros_like, params)
    carried, rows = jnp.zeros_like(states[0]), []
    for t in reversed(range(len(x))):
        dz = (1.0 - states[t + 1] ** 2) * (dout[t] + carried)
        u, w, b = u + x[t].T @ dz, w + states[t].T @ dz, b + jnp.sum(dz, axis=0)
        carried = dz @ params.w
        rows.append(dz @ params.u.T)
    return rnn.Recurrent(u, w, b), jnp.stack(rows[::-1])


def lstm_with(pull_cell, carry_cell=lambda dc: dc, carry_state=lambda dh: dh):
    def gradient(params, x, dout):
        states, cells, zs = lstm.run(params, x)
        u, w, b = map(jnp.zeros_like, params)
        dh = dc = jnp.zeros_like(states[0])
        rows = []
        for t in reversed(range(len(x))):
            dz, dc = pull_cell(zs[t], cells[t], dout[t] + dh, carry_cell(dc))
            u, w, b = u + x[t].T @ dz, w + states[t].T @ dz, b + jnp.sum(dz, axis=0)
            dh = carry_state(dz @ params.w.T)
            rows.append(dz @ params.u.T)
        return rnn.Recurrent(u, w, b), jnp.stack(rows[::-1])

    return gradient


def forget_gate_of_new_cell(z, c, dh, dc):
    """df from the cell after the step, where that before belongs."""
    after = lstm.cell(z, c)[1]
    dz, before = lstm.pull_cell(z, c, dh, dc)
    n = c.shape[-1]
    wrong = dz[:, n : 2 * n] * after / jnp.where(c == 0.0, 1.0, c)
    return jnp.concatenate([dz[:, :n], wrong, dz[:, 2 * n :]], axis=-1), before


def cell_slope_forgotten(z, c, dh, dc):
    """dc += dh s(o), without 1 - tanh(c)^2."""
    i, f, g, o = lstm.gates(z)
    after = lstm.cell(z, c)[1]
    extra = dh * lstm.sigmoid(o) * lstm.tanh(after) ** 2
    return lstm.pull_cell(z, c, dh, dc + extra)


def gates_swapped(z, c, dh, dc):
    """The gradients of the input and of the forget gate in each other's place."""
    dz, before = lstm.pull_cell(z, c, dh, dc)
    n = c.shape[-1]
    return jnp.concatenate([dz[:, n : 2 * n], dz[:, :n], dz[:, 2 * n :]], axis=-1), before


def tanh_gate_as_sigmoid(z, c, dh, dc):
    dz, before = lstm.pull_cell(z, c, dh, dc)
    _, _, g, _ = lstm.gates(z)
    n = c.shape[-1]
    ratio = lstm.slope(g) / (1.0 - lstm.tanh(g) ** 2)
    return jnp.concatenate(
        [dz[:, : 2 * n], dz[:, 2 * n : 3 * n] * ratio, dz[:, 3 * n :]], axis=-1
    ), before


def cell_through_input_gate(z, c, dh, dc):
    """dc_{t-1} = dc s(i): the wrong gate on the way back."""
    dz, before = lstm.pull_cell(z, c, dh, dc)
    i, f, _, _ = lstm.gates(z)
    return dz, before / lstm.sigmoid(f) * lstm.sigmoid(i)


# --- embeddings ------------------------------------------------------------------------------


def rows_overwritten(table, indices, dy):
    return (jnp.zeros_like(table).at[indices].set(dy),)


def rows_averaged(table, indices, dy):
    counts = jnp.zeros((len(table), 1), dy.dtype).at[indices].add(1)
    return (embedding.gradient(table, indices, dy)[0] / jnp.maximum(counts, 1),)


def padding_row_zeroed(table, indices, dy):
    """The padding index is 0, and the forward has none."""
    whole = embedding.gradient(table, indices, dy)[0]
    return (whole * (jnp.arange(len(table)) != indices[0])[:, None].astype(whole.dtype),)


def indices_from_one(table, indices, dy):
    return embedding.gradient(table, (indices + 1) % len(table), dy)


zero = jnp.zeros_like
OWN: dict[str, dict] = {
    "attention": {
        "diagonal only": attention_with(lambda p, dp: p * (1.0 - p) * dp),
        "softmax left out": attention_with(lambda p, dp: p * dp),
        "mask forgotten": attention_with(right_scores, use_mask=False),
        "scale forgotten": no_scale,
        "scale twice": scale_twice,
        "scale of the values' width": scale_of_values,
        "mask off by one": causal_off_by_one,
        "scores for probabilities": values_from_scores,
        "keys taken as constant": query_path_only,
    },
    "multi_head_attention": {
        "uses overwritten": heads_with(input_overwritten),
        "keys and values swapped": heads_with(keys_and_values_swapped),
        "heads cut the other way": heads_with(heads_exchanged),
    },
    "rnn": {
        "state's path missing": rnn_with(carry=zero),
        "state after for state before": rnn_with(state=lambda states, t: states[t + 1]),
        "steps overwritten": rnn_with(last_only=True),
        "truncated after one step": rnn_with(reset=True),
        "time runs backwards": rows_backwards,
        "weights not transposed": state_not_transposed,
    },
    "lstm": {
        "cell's path missing": lstm_with(lstm.pull_cell, carry_cell=zero),
        "state's path missing": lstm_with(lstm.pull_cell, carry_state=zero),
        "cell after for cell before": lstm_with(forget_gate_of_new_cell),
        "slope of the cell's tanh missing": lstm_with(cell_slope_forgotten),
        "gates swapped": lstm_with(gates_swapped),
        "sigmoid's slope for the tanh gate": lstm_with(tanh_gate_as_sigmoid),
        "cell through the input gate": lstm_with(cell_through_input_gate),
    },
    "embedding": {
        "repeated rows overwritten": rows_overwritten,
        "repeated rows averaged": rows_averaged,
        "padding row zeroed": padding_row_zeroed,
        "indices counted from one": indices_from_one,
    },
}
