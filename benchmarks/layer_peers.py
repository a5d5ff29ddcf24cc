"""The layers that are timed: one function of the same arguments, by refnet and by others."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

import jax
import numpy as np

import refnet as rn

ROWS, WIDTH = 64, 256


class Layer(NamedTuple):
    """By refnet, its arguments, and by others; PyTorch's takes tensors.

    Its floats are differentiated; what arrives from above is the square of the value.
    """

    ours: Callable
    args: tuple
    theirs: dict[str, Callable]


def layers() -> dict[str, Layer]:
    return {**of_rows(), **of_images(), **of_sequences(), **activations()}


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(size=shape).astype(np.float32)


def peers(name: str) -> Any:
    """benchmarks.twins_flax or twins_torch: layers that take weights of refnet."""
    return import_module(f"benchmarks.twins_{name}")


def module(name: str) -> Any:
    return import_module({"torch": "torch.nn.functional", "flax": "flax.nnx"}[name])


def of_rows() -> dict[str, Layer]:
    x, norm = numbers(ROWS, WIDTH), rn.Norm(*numbers(2, WIDTH))
    dense = rn.init_dense(jax.random.key(0), WIDTH, WIDTH)
    table, places = numbers(1000, WIDTH), np.arange(ROWS * 8).reshape(ROWS, 8) * 7 % 1000
    rms = lambda nnx, gain: nnx.RMSNorm(WIDTH, epsilon=1e-5, rngs=nnx.Rngs(0))
    embed = lambda nnx: nnx.Embed(*table.shape, rngs=nnx.Rngs(0))
    put = lambda *how, **told: peers("flax").put(*how, **told)
    return {
        "dense": Layer(
            *(rn.dense, (dense, x)),
            {
                "Flax NNX": lambda layer, x: peers("flax").linear(layer)(x),
                "PyTorch": lambda layer, x: peers("torch").linear(layer, x),
            },
        ),
        "layer_norm": Layer(
            *(rn.layer_norm, (norm, x)),
            {
                "Flax NNX": lambda norm, x: peers("flax").layer_norm(norm)(x),
                "PyTorch": lambda norm, x: module("torch").layer_norm(x, x.shape[-1:], *norm),
            },
        ),
        "batch_norm": Layer(
            *(rn.batch_norm, (norm, x)),
            {
                "Flax NNX": lambda norm, x: peers("flax").batch_norm(norm)(x),
                "PyTorch": lambda norm, x: module("torch").batch_norm(
                    x, None, None, *norm, training=True
                ),
            },
        ),
        "rms_norm": Layer(
            *(rn.rms_norm, (norm.gain, x)),
            {
                "Flax NNX": lambda gain, x: put(rms(module("flax"), gain), scale=gain)(x),
                "PyTorch": lambda gain, x: module("torch").rms_norm(x, x.shape[-1:], gain, 1e-5),
            },
        ),
        "embedding": Layer(
            *(rn.embedding, (table, places)),
            {
                "Flax NNX": lambda table, at: put(embed(module("flax")), embedding=table)(at),
                "PyTorch": lambda table, at: module("torch").embedding(at, table),
            },
        ),
    }


def of_images() -> dict[str, Layer]:
    x, conv = numbers(16, 16, 16, 8), rn.init_conv2d(jax.random.key(0), 8, 16, 3)
    norm, first = rn.Norm(*numbers(2, 8)), lambda x: x.permute(0, 3, 1, 2)
    group = lambda nnx: nnx.GroupNorm(
        8, num_groups=4, epsilon=1e-5, use_fast_variance=False, rngs=nnx.Rngs(0)
    )
    pools = {
        name: Layer(
            *(getattr(rn, name), (x,)),
            {
                "Flax NNX": lambda x, name=name: getattr(module("flax"), name)(
                    x, (2, 2), strides=(2, 2)
                ),
                "PyTorch": lambda x, name=name: getattr(module("torch"), f"{name}2d")(first(x), 2),
            },
        )
        for name in ("max_pool", "avg_pool")
    }
    return pools | {
        "conv2d": Layer(
            *(partial(rn.conv2d, padding=1), (conv, x)),
            {
                "Flax NNX": lambda layer, x: peers("flax").conv(layer)(x),
                "PyTorch": lambda layer, x: peers("torch").conv(layer, first(x), padding=1),
            },
        ),
        "group_norm": Layer(
            *(partial(rn.group_norm, groups=4), (norm, x)),
            {
                "Flax NNX": lambda norm, x: peers("flax").put(
                    group(module("flax")), scale=norm.gain, bias=norm.bias
                )(x),
                "PyTorch": lambda norm, x: module("torch").group_norm(first(x), 4, *norm),
            },
        ),
    }


def of_sequences() -> dict[str, Layer]:
    key, heads = jax.random.key(0), 4
    x, wide, cut = numbers(32, 32, 16), numbers(16, 32, 64), numbers(16, heads, 32, 16)
    turned = lambda a: a.swapaxes(1, 2)  # heads behind places, as jax.nn has them
    return {
        "lstm": Layer(
            *(rn.lstm, (rn.init_recurrent(key, 16, 64, 4), x)),
            {
                "Flax NNX": lambda params, x: peers("flax").lstm_states(params, turned_steps(x)),
                "PyTorch": lambda params, x: peers("torch").lstm_states(params, turned_steps(x)),
            },
        ),
        "attention": Layer(
            *(rn.attention, (cut, cut, cut)),
            {
                "jax.nn": lambda q, k, v: jax.nn.dot_product_attention(*map(turned, (q, k, v))),
                "PyTorch": lambda *qkv: module("torch").scaled_dot_product_attention(*qkv),
            },
        ),
        "multi_head_attention": Layer(
            *(partial(rn.multi_head_attention, heads=heads, mask=rn.causal_mask(32)),),
            (rn.init_heads(key, 64, heads), wide),
            {"Flax NNX": lambda params, x: peers("flax").attention(params, heads, x)},
        ),
    }


def turned_steps(x):
    """Batch first."""
    return x.swapaxes(0, 1)


IN_JAX = {"softsign": "soft_sign", "gelu_tanh": "gelu"}
IN_TORCH = {"hard_tanh": "hardtanh", "log_sigmoid": "logsigmoid", "hard_swish": "hardswish"}
IN_TORCH |= {"hard_sigmoid": "hardsigmoid", "gelu_tanh": "gelu"}
ACTIVATIONS = (
    *("sigmoid", "tanh", "relu", "leaky_relu", "softplus", "silu", "elu", "selu", "celu", "mish"),
    *("relu6", "hard_tanh", "hard_sigmoid", "hard_swish", "softsign", "log_sigmoid", "glu"),
    *("gelu", "gelu_tanh", "softmax", "log_softmax"),
)


def activations() -> dict[str, Layer]:
    """As jax.nn, whose functions Flax has too, and PyTorch name them."""

    def theirs(name: str) -> dict[str, Callable]:
        of_jax, of_torch = {}, {}
        if name.startswith("gelu"):
            of_jax, of_torch = {"approximate": "tanh" in name}, {"approximate": "none"}
            of_torch = {"approximate": "tanh"} if "tanh" in name else of_torch
        elif "softmax" in name:
            of_torch = {"dim": -1}
        return {
            "jax.nn": partial(getattr(jax.nn, IN_JAX.get(name, name)), **of_jax),
            "PyTorch": lambda z: getattr(module("torch"), IN_TORCH.get(name, name))(z, **of_torch),
        }

    x = numbers(ROWS, 4 * WIDTH)
    return {name: Layer(getattr(rn, name), (x,), theirs(name)) for name in ACTIVATIONS}
