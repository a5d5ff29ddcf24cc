"""The same networks in Flax NNX: its modules, with the weights put in."""

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from benchmarks.twin_networks import HEADS, NOISE, STEPS, cross_entropy, squares, waves


def put(module, **weights):
    """The module with these weights, by name."""
    for name, value in weights.items():
        setattr(module, name, nnx.Param(value))
    return module


def linear(layer):
    return put(nnx.Linear(*layer.w.shape, rngs=nnx.Rngs(0)), kernel=layer.w, bias=layer.b)


def conv(layer, **how):
    *taps, inputs, outputs = layer.w.shape
    made = nnx.Conv(inputs, outputs, tuple(taps), rngs=nnx.Rngs(0), **how)
    return put(made, kernel=layer.w, bias=layer.b)


def layer_norm(norm):
    made = nnx.LayerNorm(len(norm.gain), epsilon=1e-5, use_fast_variance=False, rngs=nnx.Rngs(0))
    return put(made, scale=norm.gain, bias=norm.bias)


def batch_norm(norm):
    made = nnx.BatchNorm(
        *(len(norm.gain),),
        use_running_average=False,
        epsilon=1e-5,
        use_fast_variance=False,
        rngs=nnx.Rngs(0),
    )
    return put(made, scale=norm.gain, bias=norm.bias)


def mlp(layers, x, f):
    *hidden, last = layers
    for layer in hidden:
        x = f(linear(layer)(x))
    return linear(last)(x)


def perceptron(params, x, y):
    return squares(mlp(params, x, nnx.tanh), y)


def lenet(params, x, y):
    for layer in (params.first, params.second):
        x = nnx.max_pool(nnx.relu(conv(layer)(x)), (2, 2), strides=(2, 2))
    return cross_entropy(mlp(params.head, x.reshape(len(x), -1), nnx.relu), y)


def resnet(params, x, y):
    sides = {"padding": ((1, 1), (1, 1))}
    x = nnx.relu(batch_norm(params.norm)(conv(params.stem, **sides)(x)))
    for block in params.blocks:
        stride = 1 if block.around is None else 2
        a = conv(block.first, strides=stride, **sides)(x)
        a = nnx.relu(batch_norm(block.seen)(a))
        a = batch_norm(block.kept)(conv(block.second, **sides)(a))
        around = x if block.around is None else conv(block.around, strides=2)(x)
        x = nnx.relu(a + around)
    return cross_entropy(linear(params.out)(x.mean((1, 2))), y)


def lstm_states(recurrent, x):
    """h after each step."""
    u, w, b = recurrent
    cell = nnx.OptimizedLSTMCell(len(u), len(w), rngs=nnx.Rngs(0))
    put(cell.dense_i, kernel=u)
    put(cell.dense_h, kernel=w, bias=b)
    return nnx.RNN(cell)(x, initial_carry=(jnp.zeros((len(x), len(w)), x.dtype),) * 2)


def rnn(params, x, y):
    u, w, b = params.recurrent
    cell = nnx.SimpleCell(len(u), len(w), rngs=nnx.Rngs(0))
    put(cell.dense_i, kernel=u, bias=b)
    put(cell.dense_h, kernel=w)
    h = nnx.RNN(cell)(x, initial_carry=jnp.zeros((len(x), len(w)), x.dtype))
    return squares(linear(params.out)(h[:, -1]), y)


def lstm(params, x, y):
    return squares(linear(params.out)(lstm_states(params.recurrent, x)[:, -1]), y)


def character(params, x, y):
    table = put(nnx.Embed(*params.symbols.shape, rngs=nnx.Rngs(0)), embedding=params.symbols)
    return cross_entropy(linear(params.out)(lstm_states(params.recurrent, table(x))), y)


def gru(params, x, y):
    """Flax's own resets the product and not the state: so its cell is made of its layers."""
    u, w, b = params.recurrent
    n = len(w)
    read = put(nnx.Linear(*u.shape, rngs=nnx.Rngs(0)), kernel=u, bias=b)
    gates = nnx.Linear(n, 2 * n, use_bias=False, rngs=nnx.Rngs(0))
    kept = put(gates, kernel=w[:, : 2 * n])
    new = put(nnx.Linear(n, n, use_bias=False, rngs=nnx.Rngs(0)), kernel=w[:, 2 * n :])
    h = jnp.zeros((len(x), n), x.dtype)
    for t in range(x.shape[1]):
        z = read(x[:, t])
        r, k = jnp.split(nnx.sigmoid(z[:, : 2 * n] + kept(h)), 2, axis=-1)
        h = k * h + (1 - k) * nnx.tanh(z[:, 2 * n :] + new(r * h))
    return squares(linear(params.out)(h), y)


def attention(params, heads, x, seen=None, causal=True):
    """Of x to what is seen, or to itself."""
    width = len(params.q)
    made = nnx.MultiHeadAttention(
        heads, width, use_bias=False, decode=False, deterministic=True, rngs=nnx.Rngs(0)
    )
    for part, w in zip((made.query, made.key, made.value), params[:3], strict=True):
        put(part, kernel=w.reshape(width, heads, -1))
    put(made.out, kernel=params.o.reshape(heads, -1, width))
    return made(x, seen, mask=nnx.make_causal_mask(x[..., 0]) if causal else None)


def gpt(params, x, y, heads=HEADS):
    table = put(nnx.Embed(*params.symbols.shape, rngs=nnx.Rngs(0)), embedding=params.symbols)
    a = table(x) + params.places[: x.shape[1]]
    for block in params.blocks:
        a = a + attention(block.heads, heads, layer_norm(block.seen)(a))
        exact = lambda z: nnx.gelu(z, approximate=False)
        a = a + mlp(block.feed, layer_norm(block.fed)(a), exact)
    return cross_entropy(table.attend(layer_norm(params.norm)(a)), y)


def transformer(params, source, target, y):
    exact = lambda z: nnx.gelu(z, approximate=False)
    table = put(nnx.Embed(*params.symbols.shape, rngs=nnx.Rngs(0)), embedding=params.symbols)
    a = table(source) + waves(*source.shape[1:], *params.symbols.shape[1:])
    for block in params.reading:
        a = a + attention(block.heads, HEADS, layer_norm(block.seen)(a), causal=False)
        a = a + mlp(block.feed, layer_norm(block.fed)(a), exact)
    memory = layer_norm(params.read)(a)
    a = table(target) + waves(*target.shape[1:], *params.symbols.shape[1:])
    for block in params.writing:
        a = a + attention(block.heads, HEADS, layer_norm(block.seen)(a))
        asked = layer_norm(block.asked)(a)
        a = a + attention(block.answers, HEADS, asked, memory, causal=False)
        a = a + mlp(block.feed, layer_norm(block.fed)(a), exact)
    return cross_entropy(table.attend(layer_norm(params.written)(a)), y)


def autoencoder(params, x):
    return squares(mlp(params.decoder, mlp(params.encoder, x, nnx.tanh), nnx.tanh), x)


def variational(params, x):
    mean, log_variance = jnp.split(mlp(params.encoder, x, nnx.tanh), 2, axis=-1)
    deviation = jnp.exp(0.5 * log_variance)
    z = mean + deviation * jax.random.normal(NOISE, mean.shape, mean.dtype)
    said = optax.sigmoid_binary_cross_entropy(mlp(params.decoder, z, nnx.tanh), x).sum(-1)
    apart = -0.5 * jnp.sum(1 + log_variance - mean**2 - jnp.exp(log_variance), -1)
    return jnp.mean(said + apart)


def graph(params, shares, x, y):
    first, last = params
    return cross_entropy(linear(last)(shares @ nnx.relu(linear(first)(shares @ x))), y)


def physics(params, x, source):
    u = lambda t: (t * (1 - t) * mlp(params, t[None], nnx.tanh))[0]
    second = jax.vmap(jax.grad(jax.grad(u)))(x[:, 0])
    return squares(second, -source[:, 0])


def equilibrium(params, x, y):
    """Every step of the way is kept, and differentiated."""
    u, w, b = params.layer
    read = put(nnx.Linear(*u.shape, rngs=nnx.Rngs(0)), kernel=u, bias=b)
    kept = put(nnx.Linear(*w.shape, use_bias=False, rngs=nnx.Rngs(0)), kernel=w)
    z = jnp.zeros((len(x), len(w)), x.dtype)
    for _ in range(STEPS):
        z = nnx.tanh(read(x) + kept(z))
    return squares(linear(params.out)(z), y)


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
