"""The same networks in PyTorch: losses of tensors."""

import torch
import torch.nn.functional as of

from benchmarks.twin_networks import HEADS, STEPS, noise


def linear(layer, x):
    return of.linear(x, layer.w.T, layer.b)


def mlp(layers, x, f):
    *hidden, last = layers
    for layer in hidden:
        x = f(linear(layer, x))
    return linear(last, x)


def conv(layer, x, **how):
    return of.conv2d(x, layer.w.permute(3, 2, 0, 1), layer.b, **how)


def perceptron(params, x, y):
    return of.mse_loss(mlp(params, x, torch.tanh), y)


def lenet(params, x, y):
    a = x.permute(0, 3, 1, 2)
    for layer in (params.first, params.second):
        a = of.max_pool2d(of.relu(conv(layer, a, padding=1)), 2)
    a = a.permute(0, 2, 3, 1).flatten(1)
    return of.cross_entropy(mlp(params.head, a, of.relu), y)


def resnet(params, x, y):
    norm = lambda of_, a: of.batch_norm(a, None, None, of_.gain, of_.bias, training=True)
    a = of.relu(norm(params.norm, conv(params.stem, x.permute(0, 3, 1, 2), padding=1)))
    for block in params.blocks:
        stride = 1 if block.around is None else 2
        z = of.relu(norm(block.seen, conv(block.first, a, padding=1, stride=stride)))
        z = norm(block.kept, conv(block.second, z, padding=1))
        a = of.relu(z + (a if block.around is None else conv(block.around, a, stride=2)))
    return of.cross_entropy(linear(params.out, a.mean((2, 3))), y)


def states(kind, recurrent, x):
    """h after each step, of torch.nn.RNN or LSTM."""
    u, w, b = recurrent
    states = kind(len(u), len(w), batch_first=True, dtype=u.dtype)
    told = {"weight_ih_l0": u.T, "weight_hh_l0": w.T, "bias_ih_l0": b, "bias_hh_l0": 0 * b}
    return torch.func.functional_call(states, told, (x,))[0]


def lstm_states(recurrent, x):
    return states(torch.nn.LSTM, recurrent, x)


def rnn(params, x, y):
    h = states(torch.nn.RNN, params.recurrent, x)
    return of.mse_loss(linear(params.out, h[:, -1]), y)


def lstm(params, x, y):
    return of.mse_loss(linear(params.out, lstm_states(params.recurrent, x)[:, -1]), y)


def character(params, x, y):
    h = lstm_states(params.recurrent, of.embedding(x, params.symbols))
    return of.cross_entropy(linear(params.out, h).flatten(0, 1), y.flatten())


def gru(params, x, y):
    """PyTorch's own resets the product and not the state: so its cell is written out."""
    u, w, b = params.recurrent
    n = len(w)
    h = x.new_zeros(len(x), n)
    for row in x.unbind(1):
        z = of.linear(row, u.T, b)
        reset, keep = torch.sigmoid(z[:, : 2 * n] + h @ w[:, : 2 * n]).chunk(2, -1)
        new = torch.tanh(z[:, 2 * n :] + (reset * h) @ w[:, 2 * n :])
        h = torch.lerp(new, h, keep)
    return of.mse_loss(linear(params.out, h), y)


def gpt(params, x, y, heads=HEADS):
    cut = lambda a: a.unflatten(-1, (heads, -1)).transpose(-2, -3)
    norm = lambda of_, a: of.layer_norm(a, a.shape[-1:], of_.gain, of_.bias)
    a = of.embedding(x, params.symbols) + params.places[: x.shape[1]]
    for block in params.blocks:
        s = norm(block.seen, a)
        q, k, v = (cut(s @ m) for m in block.heads[:3])
        o = of.scaled_dot_product_attention(q, k, v, is_causal=True)
        a = a + o.transpose(-2, -3).flatten(-2) @ block.heads.o
        a = a + mlp(block.feed, norm(block.fed, a), of.gelu)
    logits = norm(params.norm, a) @ params.symbols.T
    return of.cross_entropy(logits.flatten(0, 1), y.flatten())


def attention_of(name, heads):
    """What torch.nn.MultiheadAttention calls its weights."""
    q, k, v, o = heads
    return {
        f"{name}.in_proj_weight": torch.cat([q.T, k.T, v.T]),
        f"{name}.in_proj_bias": q.new_zeros(3 * len(q)),
        f"{name}.out_proj.weight": o.T,
        f"{name}.out_proj.bias": q.new_zeros(len(q)),
    }


def told(parts):
    """weight and bias of each part by its name; of a dense layer PyTorch has the transpose."""
    named = {}
    for name, (w, b) in parts.items():
        named |= {f"{name}.weight": w.T if w.dim() == 2 else w, f"{name}.bias": b}
    return named


def layer_of(kind, block, norms, x):
    """A layer of a transformer in PyTorch's own modules: norms first, gelu, no dropout."""
    how = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": True}
    made = kind(x.shape[-1], HEADS, 4 * x.shape[-1], **how, dtype=x.dtype)
    wide, narrow = block.feed
    parts = {"linear1": wide, "linear2": narrow}
    parts |= {f"norm{k + 1}": norm for k, norm in enumerate(norms)}
    return made, attention_of("self_attn", block.heads) | told(parts)


def transformer(params, source, target, y):
    norm = lambda of_, a: of.layer_norm(a, a.shape[-1:], of_.gain, of_.bias)
    a = of.embedding(source, params.symbols) + waves(source.shape[-1], params.symbols)
    for block in params.reading:
        norms = (block.seen, block.fed)
        layer, weights = layer_of(torch.nn.TransformerEncoderLayer, block, norms, a)
        a = torch.func.functional_call(layer, weights, (a,))
    memory = norm(params.read, a)
    a = of.embedding(target, params.symbols) + waves(target.shape[-1], params.symbols)
    ahead = torch.nn.Transformer.generate_square_subsequent_mask(a.shape[1], dtype=a.dtype)
    for block in params.writing:
        norms = (block.seen, block.asked, block.fed)
        layer, weights = layer_of(torch.nn.TransformerDecoderLayer, block, norms, a)
        weights |= attention_of("multihead_attn", block.answers)
        a = torch.func.functional_call(layer, weights, (a, memory), {"tgt_mask": ahead})
    logits = norm(params.written, a) @ params.symbols.T
    return of.cross_entropy(logits.flatten(0, 1), y.flatten())


def waves(length, table):
    """Sines and cosines in turn."""
    width = table.shape[1]
    even = torch.arange(0, width, 2, dtype=table.dtype)
    angle = torch.arange(length, dtype=table.dtype)[:, None] / 10000 ** (even / width)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)


def autoencoder(params, x):
    return of.mse_loss(mlp(params.decoder, mlp(params.encoder, x, torch.tanh), torch.tanh), x)


def variational(params, x):
    mean, log_variance = mlp(params.encoder, x, torch.tanh).chunk(2, -1)
    drawn = torch.tensor(noise(mean.shape)).to(x.dtype)
    z = mean + torch.exp(0.5 * log_variance) * drawn
    logits = mlp(params.decoder, z, torch.tanh)
    said = of.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    apart = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
    return (said + apart) / len(x)


def graph(params, shares, x, y):
    first, last = params
    a = of.relu(shares @ x @ first.w + first.b)
    return of.cross_entropy(shares @ a @ last.w + last.b, y)


def physics(params, x, source):
    x = x.requires_grad_()
    u = x * (1 - x) * mlp(params, x, torch.tanh)
    (first,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x, create_graph=True)
    return of.mse_loss(second, -source)


def equilibrium(params, x, y):
    """The state without gradient; then one step, whose gradient is solved for on its way back."""
    u, w, b = params.layer
    step = lambda z: torch.tanh(of.linear(x, u.T, b) + z @ w)
    z = x.new_zeros(len(x), len(w))
    with torch.no_grad():
        for _ in range(STEPS):
            z = step(z)
    at = z.clone().requires_grad_()
    again = step(at)

    def solved(dz):
        v = dz
        for _ in range(STEPS):
            v = dz + torch.autograd.grad(again, at, v, retain_graph=True)[0]
        return v

    z = step(z)
    z.register_hook(solved)
    return of.mse_loss(linear(params.out, z), y)


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
