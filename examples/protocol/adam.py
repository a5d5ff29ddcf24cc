"""A program that refnet can ask for an update rule: Adam, by hand, in plain Python.

refnet validate --process "python3 examples/protocol/adam.py" --update adam

One line of JSON comes in on stdin, one goes out on stdout; every message is answered.  A question
is one whole run, so nothing is remembered between two of them.
"""

import json
import math
import sys


def mapped(f, *trees):
    """f of every number of nested lists of one shape."""
    if isinstance(trees[0], list):
        return [mapped(f, *items) for items in zip(*trees, strict=True)]
    return f(*trees)


def adam(hyperparameters, params, gradients, rates):
    """The parameters after every step: w - r mhat / (sqrt(vhat) + eps)."""
    b1, b2, eps = (hyperparameters[name] for name in ("b1", "b2", "eps"))
    m = v = {name: mapped(lambda w: 0.0, leaf) for name, leaf in params.items()}
    steps = []
    for t, (g, r) in enumerate(zip(gradients, rates, strict=True), 1):

        def step(w, m, v, t=t, r=r):
            return w - r * (m / (1 - b1**t)) / (math.sqrt(v / (1 - b2**t)) + eps)

        m = {n: mapped(lambda m, g: b1 * m + (1 - b1) * g, m[n], g[n]) for n in g}
        v = {n: mapped(lambda v, g: b2 * v + (1 - b2) * g * g, v[n], g[n]) for n in g}
        params = {n: mapped(step, params[n], m[n], v[n]) for n in g}
        steps.append(params)
    return {"params": steps}


def answer(message):
    if message["kind"] == "define":
        return {"success": message["module"] == "update/adam"}
    if message["kind"] == "evaluate":
        run = message["input"]
        names = ("hyperparameters", "params", "gradients", "rates")
        return {"success": True, "output": adam(*(run[name] for name in names))}
    return {}


if __name__ == "__main__":
    for line in sys.stdin:
        message = json.loads(line)
        print(json.dumps({"id": message["id"], **answer(message)}), flush=True)
