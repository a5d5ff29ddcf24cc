"""The same networks in Equinox: its modules, of one example each, with the weights put in."""

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from benchmarks.twin_networks import HEADS, NOISE, STEPS, cross_entropy, squares, waves

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


def rnn(params, x, y):
    """Equinox has no cell of it: so it is made of its layers."""
    u, w, b = params.recurrent
    read, kept = put(eqx.nn.Linear(*u.shape, key=KEY), weight=u.T, bias=b), matrix(w)
    step = lambda h, row: (jnp.tanh(read(row) + kept(h)), None)
    start = jnp.zeros(len(w), x.dtype)
    one = lambda rows: linear(params.out)(jax.lax.scan(step, start, rows)[0])
    return squares(jax.vmap(one)(x), y)


def lstm_states(recurrent, rows):
    """h after each step."""
    u, w, b = recurrent
    made = eqx.nn.LSTMCell(len(u), len(w), key=KEY)
    cell = put(made, weight_ih=u.T, weight_hh=w.T, bias=b)

    def step(state, row):
        state = cell(row, state)
        return state, state[0]

    return jax.lax.scan(step, (jnp.zeros(len(w), rows.dtype),) * 2, rows)[1]


def lstm(params, x, y):
    one = lambda rows: linear(params.out)(lstm_states(params.recurrent, rows)[-1])
    return squares(jax.vmap(one)(x), y)


def character(params, x, y):
    table = eqx.nn.Embedding(weight=params.symbols)
    read = lambda symbols: lstm_states(params.recurrent, jax.vmap(table)(symbols))
    said = jax.vmap(lambda symbols: jax.vmap(linear(params.out))(read(symbols)))(x)
    return cross_entropy(said, y)


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


def attention(params, heads, x, seen=None, causal=True):
    """Of x to what is seen, or to itself."""
    made = eqx.nn.MultiheadAttention(heads, len(params.q), key=KEY)
    names = ("query_proj", "key_proj", "value_proj", "output_proj")
    made = put(made, **dict(zip(names, map(matrix, params), strict=True)))
    seen = x if seen is None else seen
    return made(x, seen, seen, mask=jnp.tril(jnp.ones((len(x), len(x)), bool)) if causal else None)


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


def transformer(params, source, target, y):
    table = eqx.nn.Embedding(weight=params.symbols)
    exact = lambda z: jax.nn.gelu(z, approximate=False)
    placed = lambda symbols: jax.vmap(table)(symbols) + waves(len(symbols), table.embedding_size)
    norm = lambda layer, a: jax.vmap(layer_norm(layer))(a)
    fed = lambda block, a: a + jax.vmap(lambda row: mlp(block.feed, row, exact))(norm(block.fed, a))

    def one(source, target):
        a = placed(source)
        for block in params.reading:
            a = a + attention(block.heads, HEADS, norm(block.seen, a), causal=False)
            a = fed(block, a)
        memory, a = norm(params.read, a), placed(target)
        for block in params.writing:
            a = a + attention(block.heads, HEADS, norm(block.seen, a))
            a = a + attention(block.answers, HEADS, norm(block.asked, a), memory, causal=False)
            a = fed(block, a)
        return norm(params.written, a) @ params.symbols.T

    return cross_entropy(jax.vmap(one)(source, target), y)


def autoencoder(params, x):
    both = lambda row: mlp(params.decoder, mlp(params.encoder, row, jnp.tanh), jnp.tanh)
    return squares(jax.vmap(both)(x), x)


def variational(params, x):
    said = jax.vmap(lambda row: mlp(params.encoder, row, jnp.tanh))(x)
    mean, log_variance = jnp.split(said, 2, axis=-1)
    deviation = jnp.exp(0.5 * log_variance)
    z = mean + deviation * jax.random.normal(NOISE, mean.shape, mean.dtype)
    logits = jax.vmap(lambda row: mlp(params.decoder, row, jnp.tanh))(z)
    unlike = optax.sigmoid_binary_cross_entropy(logits, x).sum(-1)
    apart = -0.5 * jnp.sum(1 + log_variance - mean**2 - jnp.exp(log_variance), -1)
    return jnp.mean(unlike + apart)


def graph(params, shares, x, y):
    first, last = (jax.vmap(linear(layer)) for layer in params)
    return cross_entropy(last(shares @ jax.nn.relu(first(shares @ x))), y)


def physics(params, x, source):
    u = lambda t: (t * (1 - t) * mlp(params, t[None], jnp.tanh))[0]
    second = jax.vmap(jax.grad(jax.grad(u)))(x[:, 0])
    return squares(second, -source[:, 0])


def equilibrium(params, x, y):
    """Every step of the way is kept, and differentiated."""
    u, w, b = params.layer
    read, kept = put(eqx.nn.Linear(*u.shape, key=KEY), weight=u.T, bias=b), matrix(w)

    def one(row):
        step = lambda z, _: (jnp.tanh(read(row) + kept(z)), None)
        z, _ = jax.lax.scan(step, jnp.zeros(len(w), x.dtype), length=STEPS)
        return linear(params.out)(z)

    return squares(jax.vmap(one)(x), y)


TWINS = {
    "MLP": perceptron,
    "LeNet": lenet,
    "ResNet": resnet,
    "RNN": rnn,
    "LSTM": lstm,
    "GRU": gru,
    "character model": character,
    "GPT": gpt,
    "transformer": transformer,
    "autoencoder": autoencoder,
    "variational autoencoder": variational,
    "graph convolution": graph,
    "physics-informed": physics,
    "deep equilibrium": equilibrium,
}
