"""A wrong gradient that still learns: a loss that falls says nothing; the judge says what is wrong.

Two layers of tanh on 455 tumors, 200 steps of descent on all. The wrong gradient leaves out the
slope of tanh, as if the units were linear: it still points down. The losses end alike, and by them
nobody would look; `vf.validate` calls one correct, the other wrong. That learning works with wrong
gradients is Lillicrap et al. 2016, Random synaptic feedback weights support error backpropagation;
the mistake here is one that people make.
"""

import jax

import refnet as rn
import verification as vf

X, Y = "step", "loss"
objective = lambda params, x, y: rn.binary_cross_entropy_with_logits(rn.mlp(params, x), y)
right = jax.jit(jax.grad(objective))


@jax.jit
def wrong(params, x, y):
    first, last = params
    a = rn.tanh(rn.dense(first, x))
    dz = (rn.sigmoid(rn.dense(last, a)) - y) / len(x)
    da = dz @ last.w.T  # times 1 - a^2, which is forgotten
    return rn.Dense(x.T @ da, da.sum(0)), rn.Dense(a.T @ dz, dz.sum(0))


def run(key, small=False):
    data = rn.breast_cancer(jax.random.key(0)).train
    start = rn.init_mlp(key, (30, 8, 1))
    steps, found = range(0, 11 if small else 201, 5 if small else 20), {}
    for name, gradient in {"right": right, "wrong": wrong}.items():
        case = start, data.x[:5], data.y[:5]
        verdict = vf.validate(gradient, of=objective, args=case, dtype="float32").verdict
        params, losses = start, []
        for step in range(steps[-1] + 1):
            losses += [float(objective(params, *data))] * (step in steps)
            params = jax.tree.map(lambda p, g: p - 0.3 * g, params, gradient(params, *data))
        found[f"{name}: {verdict}"] = list(steps), losses
    return found


def claim(at):
    learned = all(values[-1] < 0.2 * values[0] for values in at.values())
    return learned and list(at) == ["right: correct", "wrong: wrong"]
