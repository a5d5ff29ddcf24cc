"""What comes of training on four devices of this machine, as one line of JSON; run by the tests.

python tests/refnet/on_four_devices.py             four devices of one process
python tests/refnet/on_four_devices.py PORT I      process I of two, with two devices each
"""

import json
import sys
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

import refnet as rn
import verification as vf

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_num_cpu_devices", 2 if sys.argv[1:] else 4)
if sys.argv[1:]:  # before any array is made
    jax.distributed.initialize(f"127.0.0.1:{sys.argv[1]}", 2, int(sys.argv[2]))

LOSS = rn.binary_cross_entropy_with_logits
RULE = rn.adam(0.05)
DATA = rn.xor(n=16, noise=0.1, dtype=jnp.float64)
HOW = {"key": jax.random.key(1), "batch": 12, "epochs": 2}


def init(key):
    return rn.init_mlp(key, (2, 5, 1), dtype=jnp.float64)


def sharding() -> NamedSharding:
    return NamedSharding(jax.make_mesh((4,), ("data",)), P("data"))


def apart(a, b) -> float:
    """The largest difference of two trees; NaN is none."""
    gaps = jax.tree.map(lambda x, y: np.abs(np.asarray(x) - np.asarray(y)).max(), a, b)
    return float(max(jax.tree.leaves(gaps)))


def trained(params=None, **how) -> rn.Run:
    params = init(jax.random.key(0)) if params is None else params
    return rn.train(rn.mlp, LOSS, RULE, params, DATA.train, **HOW, **how)


def judged() -> list[str]:
    """Three steps on four devices beside the reference."""

    def train(params, batches):
        state = RULE.init(params)
        for batch in batches:
            run = rn.train(rn.mlp, LOSS, RULE, params, batch, state=state, sharding=sharding())
            params, state = run.params, run.state
            yield vf.TrainingStep(params, run.history.loss[0])

    of = lambda params, x, y: LOSS(rn.mlp(params, x), y)
    start = init(jax.random.key(0))
    found = vf.validate_training(train, of=of, rule=RULE, params=start, batches=[DATA.train] * 3)
    return [str(found.verdict), found.reason]


def whole_numbers(sharding) -> rn.Run:
    """A line through numbers whose products and sums are exact, in whatever order."""
    rng = np.random.default_rng(0)
    x, y = (rng.integers(-3, 4, shape).astype(np.float64) for shape in ((8, 3), (8, 1)))
    line = lambda w, x: x @ w
    half = lambda p, y: jnp.sum((p - y) ** 2) / 16
    w = jnp.zeros((3, 1))
    return rn.train(line, half, optax.sgd(0.5), w, (x, y), epochs=3, sharding=sharding)


def noisy(params, x, key=None):
    keep = 1.0 if key is None else jax.random.bernoulli(key, 0.7, x.shape)
    return rn.mlp(params, x * keep)


def with_dropout(sharding) -> rn.Run:
    start = init(jax.random.key(0))
    how = HOW | {"batch": 16, "accumulate": 2, "dropout": True}
    return rn.train(noisy, LOSS, RULE, start, DATA.train, sharding=sharding, **how)


def swept(rates=(0.05, 0.3), seeds=4, **how) -> rn.Runs:
    keys = jax.random.split(jax.random.key(4), seeds)
    given = {"rates": rates, "keys": keys, "epochs": 2}
    return rn.sweep(
        rn.mlp, LOSS, {"descent": rn.gradient_descent}, init, DATA.train, **given, **how
    )["descent"]


def said(ask, **how) -> str:
    try:
        ask(**how)
    except (TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


def collective(summed: bool) -> str:
    """A gradient whose parts are summed over the devices, or left apart, beside the loss."""
    mesh = jax.make_mesh((4,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
    loss = lambda w, x: jnp.sum(jnp.tanh(x @ w) ** 2)

    def part(w, x):
        g = jax.grad(loss)(w, x)
        return jax.lax.psum(g, "data") if summed else 4 * g

    gradient = jax.shard_map(
        part, mesh=mesh, in_specs=(P(), P("data")), out_specs=P(), check_vma=False
    )
    draw = lambda rng: (rng.normal(size=2), rng.normal(size=(4, 2)))
    return str(vf.validate(gradient, of=loss, args=draw, argnums=0, cases=1, edges="none").verdict)


def in_one_process() -> dict:
    mesh = jax.make_mesh((2, 2), ("data", "model"))
    told = []
    one, four = trained(), trained(sharding=sharding(), tell=told.append)
    over = partial(swept, devices=jax.devices())
    single, spread = swept(), over()
    by_rate = over(rates=(0.01, 0.05, 0.1, 0.3), seeds=1)
    on = lambda ask, runs: ask(start={"descent": runs})
    refused = partial(said, trained)
    return {
        "devices": len(jax.devices()),
        "weights apart": apart(one.params, four.params),
        "losses apart": apart(one.history, four.history),
        "moved": apart(one.params, init(jax.random.key(0))),
        "everywhere": four.params[0].w.sharding.is_fully_replicated,
        "told": sorted({int(epoch) for epoch in told}),
        "judged": judged(),
        "exact": apart(whole_numbers(None).params, whole_numbers(sharding()).params),
        "dropout apart": apart(with_dropout(None).params, with_dropout(sharding()).params),
        "runs apart": apart(single, spread),
        "goes on": apart(on(swept, single), on(over, spread)),
        "moved again": apart(single.params, on(swept, single).params),
        "runs are shared": spread.loss.sharding.shard_shape(spread.loss.shape),
        "rates are shared": by_rate.loss.sharding.shard_shape(by_rate.loss.shape),
        "collective": [collective(True), collective(False)],
        "refused": [
            refused(sharding="data"),
            refused(sharding=NamedSharding(mesh, P("data", "model"))),
            refused(sharding=NamedSharding(mesh, P(None, "model"))),
            said(rn.train, **uneven()),
            refused(sharding=NamedSharding(mesh.abstract_mesh, P("data"))),
            said(over, seeds=3),
            said(swept, devices=[]),
        ],
    }


def uneven() -> dict:
    given = {"network": rn.mlp, "loss": LOSS, "update": RULE, "data": DATA.train}
    how = {"batch": 6, "key": jax.random.key(1), "sharding": sharding()}
    return given | how | {"params": init(jax.random.key(0))}


def in_two() -> dict:
    four = trained(sharding=sharding())
    four = trained(four.params, sharding=sharding(), state=four.state)
    one = trained()
    one = trained(one.params, state=one.state)
    return {
        "devices": len(jax.devices()),
        "here": len(jax.local_devices()),
        "weights": [np.asarray(leaf).tolist() for leaf in jax.tree.leaves(four.params)],
        "apart": apart(one.params, four.params),
    }


if __name__ == "__main__":
    print(json.dumps(in_two() if sys.argv[1:] else in_one_process()))
