"""The peers: one epoch of the same training as PyTorch, Equinox and Flax NNX users write it."""

import importlib.util
from collections.abc import Callable
from itertools import pairwise

import jax
import jax.numpy as jnp
import optax


def pytorch_run(setting, x, y, rate) -> Callable:
    import torch

    torch.manual_seed(0)
    layers = [torch.nn.Linear(*pair) for pair in pairwise(setting.sizes)]
    chain = [part for layer in layers for part in (layer, torch.nn.ReLU())][:-1]
    model = torch.nn.Sequential(*chain)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    batches = [tuple(map(torch.from_numpy, pair)) for pair in cut(setting, x, y)]

    def run():
        for a, b in batches:
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(model(a), b).backward()
            optimizer.step()

    return run


def equinox_run(setting, x, y, rate) -> Callable:
    import equinox as eqx

    keys = jax.random.split(jax.random.key(0), len(setting.sizes))
    pairs = zip(pairwise(setting.sizes), keys, strict=False)
    layers = [eqx.nn.Linear(*pair, key=key) for pair, key in pairs]
    chain = [part for layer in layers for part in (layer, eqx.nn.Lambda(jax.nn.relu))][:-1]
    model = eqx.nn.Sequential(chain)
    rule = optax.sgd(rate)
    state = rule.init(eqx.filter(model, eqx.is_array))
    batches = [tuple(map(jnp.asarray, pair)) for pair in cut(setting, x, y)]

    @eqx.filter_jit
    def step(model, state, a, b):
        loss = lambda model: jnp.mean((jax.vmap(model)(a) - b) ** 2)
        value, gradient = eqx.filter_value_and_grad(loss)(model)
        change, state = rule.update(gradient, state, model)
        return eqx.apply_updates(model, change), state, value

    def run():
        end, memory = model, state
        for a, b in batches:
            end, memory, _ = step(end, memory, a, b)
        jax.block_until_ready(eqx.filter(end, eqx.is_array))

    return run


def flax_run(setting, x, y, rate) -> Callable:
    from flax import nnx

    rngs = nnx.Rngs(0)
    layers = [nnx.Linear(*pair, rngs=rngs) for pair in pairwise(setting.sizes)]
    model = nnx.Sequential(*[part for layer in layers for part in (layer, nnx.relu)][:-1])
    optimizer = nnx.Optimizer(model, optax.sgd(rate), wrt=nnx.Param)
    batches = [tuple(map(jnp.asarray, pair)) for pair in cut(setting, x, y)]

    @nnx.jit
    def step(model, optimizer, a, b):
        loss = lambda model: jnp.mean((model(a) - b) ** 2)
        value, gradient = nnx.value_and_grad(loss)(model)
        optimizer.update(model, gradient)
        return value

    def run():
        for a, b in batches:
            step(model, optimizer, a, b)
        jax.block_until_ready(nnx.state(model))

    return run


def cut(setting, x, y) -> list:
    """The batches of one epoch, in order."""
    starts = range(0, len(x), setting.batch)
    return [(x[i : i + setting.batch], y[i : i + setting.batch]) for i in starts]


def installed(name: str) -> bool:
    return importlib.util.find_spec(MODULES[name]) is not None


MODULES = {"PyTorch eager": "torch", "Equinox": "equinox", "Flax NNX": "flax"}
PEERS: dict[str, Callable] = {
    "PyTorch eager": pytorch_run,
    "Equinox": equinox_run,
    "Flax NNX": flax_run,
}
