"""Dead units: a step that is too long turns ReLU units off for every example, and for ever.

A perceptron of two layers of 32 units, 200 steps of descent on all 455 tumors at several rates. A
unit of the second layer is dead where its output is the same for every example: 0 of ReLU. A unit
that is off has no gradient and stays off; a leaky one, beside it, has one and is never off. Maas,
Hannun & Ng 2013, Rectifier nonlinearities improve neural network acoustic models, section 2; they
argue it, here it is counted.
"""

import jax

import refnet as rn

X, Y = "learning rate", "share of units that are dead"
RULES, LOSS = {"descent": rn.gradient_descent}, rn.binary_cross_entropy_with_logits
UNITS = {"relu": rn.relu, "leaky_relu": rn.leaky_relu}
NETWORKS = {name: lambda params, x, f=f: rn.mlp(params, x, f) for name, f in UNITS.items()}


def first(key):
    return rn.init_mlp(key, (30, 32, 32, 1), rn.he)


def run(key, small=False):
    data = rn.breast_cancer(jax.random.key(0)).train
    rates = (0.1, 10.0) if small else (0.1, 0.3, 1.0, 3.0, 10.0)
    how = {"rates": rates, "keys": key[None], "epochs": 5 if small else 200}
    found = {}
    for name, network in NETWORKS.items():
        params = rn.sweep(network, LOSS, RULES, first, data, **how)["descent"].params
        second = lambda layers, f=UNITS[name]: rn.mlp(layers[:2], data.x, f, f)
        out = jax.vmap(second)(jax.tree.map(lambda a: a[:, 0], params))
        dead = out.max(axis=1) == out.min(axis=1)
        found[name] = rates, dead.mean(axis=1).tolist()
    return found


def claim(at):
    return at["relu"][0] < 0.1 < 0.3 < at["relu"][-1] and max(at["leaky_relu"]) == 0.0
