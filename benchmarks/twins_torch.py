"""The same networks in PyTorch: losses of tensors."""

import torch
import torch.nn.functional as of

from benchmarks.twin_networks import HEADS


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


def lstm_states(recurrent, x):
    """h after each step."""
    u, w, b = recurrent
    states = torch.nn.LSTM(len(u), len(w), batch_first=True, dtype=u.dtype)
    told = {"weight_ih_l0": u.T, "weight_hh_l0": w.T, "bias_ih_l0": b, "bias_hh_l0": 0 * b}
    return torch.func.functional_call(states, told, (x,))[0]


def lstm(params, x, y):
    return of.mse_loss(linear(params.out, lstm_states(params.recurrent, x)[:, -1]), y)


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


def autoencoder(params, x):
    return of.mse_loss(mlp(params.decoder, mlp(params.encoder, x, torch.tanh), torch.tanh), x)


def graph(params, shares, x, y):
    first, last = params
    a = of.relu(shares @ x @ first.w + first.b)
    return of.cross_entropy(shares @ a @ last.w + last.b, y)


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
