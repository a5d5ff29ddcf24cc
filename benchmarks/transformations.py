"""Every transformation of optax, judged with its own loop: `python -m benchmarks.transformations`.

A loop of JAX applies the rule; the reference is made of the same rule, traced and run with running
bounds.  Whatever optax offers must get a verdict, and the verdict must be `correct`.
"""

import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

import verification as vf

RATE = 0.01
RNG = np.random.default_rng(0)
PARAMS = {"w": RNG.normal(size=(3, 2)), "b": RNG.normal(size=2)}
BATCHES = [(RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2))) for _ in range(6)]
RATED = {  # made with a rate, and no more
    "optax": (
        *("adabelief", "adadelta", "adafactor", "adagrad", "adam", "adamax", "adamaxw", "adamw"),
        *("adan", "amsgrad", "fromage", "lamb", "lars", "lion", "nadam", "nadamw", "novograd"),
        *("optimistic_adam_v2", "optimistic_gradient_descent", "radam", "rmsprop", "rprop", "sgd"),
        *("sign_sgd", "sm3", "yogi"),
    ),
    "optax.contrib": (
        *("acprop", "ademamix", "simplified_ademamix", "adopt", "cocob", "dadapt_adamw", "dog"),
        *("dowg", "muon", "prodigy", "schedule_free_adamw", "schedule_free_sgd", "madgrad", "ano"),
        *("galore",),
    ),
}
MADE: dict[str, Callable[[], Any]] = {
    "linear_schedule": lambda: optax.sgd(optax.linear_schedule(0.0, RATE, 3)),
    "cosine_decay_schedule": lambda: optax.sgd(optax.cosine_decay_schedule(RATE, 5)),
    "exponential_decay": lambda: optax.sgd(optax.exponential_decay(RATE, 2, 0.5)),
    "warmup_cosine_decay_schedule": lambda: optax.sgd(
        optax.warmup_cosine_decay_schedule(0.0, RATE, 2, 6)
    ),
    "warmup_exponential_decay_schedule": lambda: optax.sgd(
        optax.warmup_exponential_decay_schedule(0.0, RATE, 2, 2, 0.5)
    ),
    "cosine_onecycle_schedule": lambda: optax.sgd(optax.cosine_onecycle_schedule(6, RATE)),
    "linear_onecycle_schedule": lambda: optax.sgd(optax.linear_onecycle_schedule(6, RATE)),
    "piecewise_constant_schedule": lambda: optax.sgd(
        optax.piecewise_constant_schedule(RATE, {2: 0.5, 4: 0.1})
    ),
    "piecewise_interpolate_schedule": lambda: optax.sgd(
        optax.piecewise_interpolate_schedule("linear", RATE, {2: 0.5, 4: 0.1})
    ),
    "polynomial_schedule": lambda: optax.sgd(optax.polynomial_schedule(RATE, 0.0, 2, 5)),
    "sgdr_schedule": lambda: optax.sgd(
        optax.sgdr_schedule(
            [{"init_value": 0.0, "peak_value": RATE, "warmup_steps": 1, "decay_steps": 3}] * 2
        )
    ),
    "join_schedules": lambda: optax.sgd(
        optax.join_schedules(
            [optax.constant_schedule(RATE), optax.linear_schedule(RATE, 0.0, 3)], [3]
        )
    ),
    "MultiSteps": lambda: optax.MultiSteps(optax.adam(RATE), 3),
    "apply_every": lambda: optax.chain(optax.apply_every(3), optax.sgd(RATE)),
    "apply_if_finite": lambda: optax.apply_if_finite(optax.adam(RATE), 2),
    "inject_hyperparams": lambda: optax.inject_hyperparams(optax.adamw)(
        optax.linear_schedule(0.0, RATE, 3)
    ),
    "masked": lambda: optax.masked(optax.adam(RATE), {"w": True, "b": False}),
    "multi_transform": lambda: optax.multi_transform(
        {"a": optax.adam(RATE), "s": optax.set_to_zero()}, {"w": "a", "b": "s"}
    ),
    "partition": lambda: optax.partition(
        {"a": optax.adam(RATE), "s": optax.sgd(RATE)}, {"w": "a", "b": "s"}
    ),
    "freeze": lambda: optax.chain(optax.sgd(RATE), optax.freeze({"w": False, "b": True})),
    "flatten": lambda: optax.flatten(optax.adam(RATE)),
    "lookahead_free": lambda: optax.chain(optax.trace(0.9, nesterov=True), optax.scale(-RATE)),
    "clip": lambda: optax.chain(optax.clip(0.1), optax.sgd(RATE)),
    "clip_by_global_norm": lambda: optax.chain(optax.clip_by_global_norm(0.1), optax.sgd(RATE)),
    "clip_by_block_rms": lambda: optax.chain(optax.clip_by_block_rms(0.1), optax.sgd(RATE)),
    "adaptive_grad_clip": lambda: optax.chain(optax.adaptive_grad_clip(0.1), optax.sgd(RATE)),
    "centralize": lambda: optax.chain(optax.centralize(), optax.sgd(RATE)),
    "normalize_by_update_norm": lambda: optax.chain(
        optax.normalize_by_update_norm(), optax.sgd(RATE)
    ),
    "add_decayed_weights": lambda: optax.chain(optax.add_decayed_weights(0.1), optax.sgd(RATE)),
    "ema": lambda: optax.chain(optax.ema(0.9), optax.sgd(RATE)),
    "zero_nans": lambda: optax.chain(optax.zero_nans(), optax.sgd(RATE)),
    "keep_params_nonnegative": lambda: optax.chain(
        optax.sgd(RATE), optax.keep_params_nonnegative()
    ),
    "contrib.sophia-like mechanize": lambda: optax.contrib.mechanize(optax.sgd(RATE)),
}


class Row(NamedTuple):
    """One transformation: the verdict on its own loop, and why."""

    name: str
    verdict: str
    reason: str


def loss(params, x, y):
    return jnp.mean((jnp.tanh(x @ params["w"] + params["b"][None]) - y) ** 2)


def own(rule: Any) -> Callable:
    """The loop of JAX."""

    def train(params, batches):
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
            params = jax.tree.map(jnp.asarray, params)
            state = rule.init(params)
            for batch in batches:
                value, gradient = jax.value_and_grad(loss)(params, *batch)
                change, state = rule.update(gradient, state, params)
                params = optax.apply_updates(params, change)
                yield vf.TrainingStep(params, value, gradient)

    return train


def rules() -> Iterator[tuple[str, Callable[[], Any]]]:
    for home, names in RATED.items():
        module = optax if home == "optax" else optax.contrib
        for name in names:
            if hasattr(module, name):
                yield f"{home}.{name}", lambda module=module, name=name: getattr(module, name)(RATE)
    yield from ((f"optax.{name}", make) for name, make in MADE.items())


def judged(name: str, make: Callable[[], Any], dtype: str, runs: int) -> Row:
    rule = make()
    how = {"of": loss, "rule": rule, "params": PARAMS, "batches": BATCHES}
    finding = vf.validate_training(own(rule), dtype=dtype, runs=runs, **how)
    return Row(name, str(finding.verdict), finding.reason)


def main(dtype: str = "float32", runs: int = 0) -> None:
    rows = [judged(name, make, dtype, runs) for name, make in rules()]
    for row in rows:
        print(f"{row.verdict:10} {row.name:45} {'' if row.verdict == 'correct' else row.reason}")
    right = sum(row.verdict == "correct" for row in rows)
    print(f"{right} of {len(rows)} correct in {dtype}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
