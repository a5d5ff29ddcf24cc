"""The same networks in Equinox: its modules, of one example each, with the weights put in."""

import equinox as eqx
import jax
import jax.numpy as jnp

from benchmarks.twin_networks import HEADS, cross_entropy, squares

KEY = jax.random.key(0)  # of first weights, which are replaced


def put(module, **weights):
    """The module with these weights, by name."""
    names = tuple(weights)
    where = lambda m: [getattr(m, name) for name in names]
    return eqx.tree_at(where, module, list(weights.values()), is_leaf=lambda x: x is None)


def linear(layer):
    return put(eqx.nn.Linear(*layer.w.shape, key=KEY), weight=layer.w.T, bias=layer.b)


def matrix(w):
    return put(eqx.nn.Linear(*w.shape, use_bias=False, key=KEY), weight=w.T)


def conv(layer, **how):
    *taps, inputs, outputs = layer.w.shape
    made = eqx.nn.Conv2d(inputs, outputs, taps, key=KEY, **how)
    return put(made, weight=layer.w.transpose(3, 2, 0, 1), bias=layer.b[:, None, None])


def layer_norm(norm):
    return put(eqx.nn.LayerNorm(len(norm.gain)), weight=norm.gain, bias=norm.bias)


def batch_norm(norm, x):
    """Of all examples of the batch, as Equinox has it: over a named axis."""
    made, state = eqx.nn.make_with_state(eqx.nn.BatchNorm)(
        len(norm.gain), axis_name="batch", mode="batch", dtype=x.dtype
    )
    made = put(made, weight=norm.gain, bias=norm.bias)
    return jax.vmap(lambda row: made(row, state)[0], axis_name="batch")(x)


def mlp(layers, x, f):
    """Of one row."""
    *hidden, last = layers
    for layer in hidden:
        x = f(linear(layer)(x))
    return linear(last)(x)


def perceptron(params, x, y):
    return squares(jax.vmap(lambda row: mlp(params, row, jnp.tanh))(x), y)


def lenet(params, x, y):
    pool = eqx.nn.MaxPool2d(2, 2)

    def one(a):
        a = a.transpose(2, 0, 1)
        for layer in (params.first, params.second):
            a = pool(jax.nn.relu(conv(layer, padding=1)(a)))
        return mlp(params.head, a.transpose(1, 2, 0).ravel(), jax.nn.relu)

    return cross_entropy(jax.vmap(one)(x), y)


def resnet(params, x, y):
    each = lambda layer, x, **how: jax.vmap(conv(layer, **how))(x)
    x = each(params.stem, x.transpose(0, 3, 1, 2), padding=1)
    x = jax.nn.relu(batch_norm(params.norm, x))
    for block in params.blocks:
        stride = 1 if block.around is None else 2
        a = jax.nn.relu(batch_norm(block.seen, each(block.first, x, padding=1, stride=stride)))
        a = batch_norm(block.kept, each(block.second, a, padding=1))
        x = jax.nn.relu(a + (x if block.around is None else each(block.around, x, stride=2)))
    return cross_entropy(jax.vmap(linear(params.out))(x.mean((2, 3))), y)


def lstm(params, x, y):
    u, w, b = params.recurrent
    n = len(w)
    made = eqx.nn.LSTMCell(len(u), n, key=KEY)
    cell = put(made, weight_ih=u.T, weight_hh=w.T, bias=b)
    start = (jnp.zeros(n, x.dtype),) * 2

    def one(rows):
        (h, _), _ = jax.lax.scan(lambda state, row: (cell(row, state), None), start, rows)
        return linear(params.out)(h)

    return squares(jax.vmap(one)(x), y)


def gru(params, x, y):
    """Equinox's own resets the product and not the state: so its cell is made of its layers."""
    u, w, b = params.recurrent
    n = len(w)
    read = put(eqx.nn.Linear(*u.shape, key=KEY), weight=u.T, bias=b)
    kept, new = matrix(w[:, : 2 * n]), matrix(w[:, 2 * n :])

    def step(h, row):
        z = read(row)
        r, k = jnp.split(jax.nn.sigmoid(z[: 2 * n] + kept(h)), 2)
        return k * h + (1 - k) * jnp.tanh(z[2 * n :] + new(r * h)), None

    one = lambda rows: linear(params.out)(jax.lax.scan(step, jnp.zeros(n, x.dtype), rows)[0])
    return squares(jax.vmap(one)(x), y)


def attention(params, heads, x):
    made = eqx.nn.MultiheadAttention(heads, len(params.q), key=KEY)
    names = ("query_proj", "key_proj", "value_proj", "output_proj")
    made = put(made, **dict(zip(names, map(matrix, params), strict=True)))
    return made(x, x, x, mask=jnp.tril(jnp.ones((len(x), len(x)), bool)))


def gpt(params, x, y, heads=HEADS):
    table = eqx.nn.Embedding(weight=params.symbols)
    exact = lambda z: jax.nn.gelu(z, approximate=False)

    def one(symbols):
        a = jax.vmap(table)(symbols) + params.places[: len(symbols)]
        for block in params.blocks:
            a = a + attention(block.heads, heads, jax.vmap(layer_norm(block.seen))(a))
            fed = jax.vmap(layer_norm(block.fed))(a)
            a = a + jax.vmap(lambda row, block=block: mlp(block.feed, row, exact))(fed)
        return jax.vmap(layer_norm(params.norm))(a) @ params.symbols.T

    return cross_entropy(jax.vmap(one)(x), y)


def autoencoder(params, x):
    both = lambda row: mlp(params.decoder, mlp(params.encoder, row, jnp.tanh), jnp.tanh)
    return squares(jax.vmap(both)(x), x)


def graph(params, shares, x, y):
    first, last = (jax.vmap(linear(layer)) for layer in params)
    return cross_entropy(last(shares @ jax.nn.relu(first(shares @ x))), y)


TWINS = {
    "MLP": perceptron,
    "LeNet": lenet,
    "ResNet": resnet,
    "LSTM": lstm,
    "GRU": gru,
    "GPT": gpt,
    "autoencoder": autoencoder,
    "graph convolution": graph,
}
