"""What rounding does to training in bfloat16: steps that are too short are not taken at all.

A perceptron on 455 tumors, 300 steps of descent on all, at several rates. A weight of bfloat16 has
8 binary digits: a step of less than 1/512 of it is rounded away, so that at small rates most of
the learning is lost. With bfloat16 inside and weights kept in float32 nothing is lost (on a CPU XLA
leaves out such casts where it may; elsewhere it is little). As figure 2 of Micikevicius et al.
2018, Mixed precision training, where it is float16 and speech; the rates are this network's.
"""

import jax
import jax.numpy as jnp

import refnet as rn

X, Y = "learning rate", "loss at the end / loss at the start"
RULES, LOSS = {"descent": rn.gradient_descent}, rn.binary_cross_entropy_with_logits
narrow = lambda tree: jax.tree.map(lambda a: a.astype(jnp.bfloat16), tree)
wide = lambda tree: jax.tree.map(lambda a: a.astype(jnp.float32), tree)
first = lambda key: rn.init_mlp(key, (30, 16, 1))
first_narrow = lambda key: narrow(first(key))
mixed = lambda params, x: wide(rn.mlp(narrow(params), narrow(x)))
WAYS = {
    "float32": (rn.mlp, first, wide),
    "bfloat16": (rn.mlp, first_narrow, narrow),
    "bfloat16, float32 weights": (mixed, first, wide),
}


def run(key, small=False):
    data = rn.breast_cancer(jax.random.key(0)).train
    rates = (0.01, 0.1) if small else (0.0001, 0.001, 0.01, 0.1)
    how = {"rates": rates, "keys": key[None], "epochs": 5 if small else 300}
    at = lambda params: LOSS(rn.mlp(params, data.x), data.y)
    found = {}
    for name, (network, init, cast) in WAYS.items():
        runs = rn.sweep(network, LOSS, RULES, init, tuple(cast(data)), **how)["descent"]
        ends = jax.vmap(at)(jax.tree.map(lambda a: a[:, 0], wide(runs.params)))
        start = at(wide(init(jax.random.split(key)[0])))
        found[name] = rates, (ends / start).tolist()
    return found


def claim(at):
    wide, low, mixed = at.values()
    lost = all(1.0 - low[i] < 0.5 * (1.0 - wide[i]) for i in (0, 1))
    return lost and abs(mixed[-1] - wide[-1]) < 0.1 * wide[-1]
