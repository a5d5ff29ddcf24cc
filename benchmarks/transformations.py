"""Every transformation of optax, judged with its own loop: `python -m benchmarks.transformations`.

They are found by looking: every public name of optax and optax.contrib is called with the arguments
of ARGUMENTS, and what has .init and .update, or answers a rate for a count, is one.  A loop of JAX
applies it; the reference is the same rule, traced and run with running bounds.  The verdict must be
`correct`, but for NEEDS: rules that are told more than a gradient, or draw numbers.  Where a
variant of ours is the rule, its name is beside it.  Writes
updates_optax.json and updates_optax.md beside this file; with --only, these rows anew.  All other
public names are listed by what they are.
"""

import argparse
import inspect
import json
import re
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

import verification as vf
from verification.adapters.update_libraries import LIBRARIES
from verification.report.findings.writing import write_text

HERE, RATE = Path(__file__).parent, 0.01
RNG = np.random.default_rng(0)
PARAMS = {"w": RNG.normal(size=(3, 2)), "b": RNG.normal(size=2)}
BATCHES = [(RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2))) for _ in range(6)]
sgd = optax.sgd(RATE)
ARGUMENTS: dict[str, Any] = {  # of any function that has a parameter of that name and no default
    "learning_rate": RATE, "clipping": 0.1, "max_delta": 0.1, "threshold": 0.1, "max_norm": 0.1,
    "decay": 0.9, "step_size": -RATE, "inner": sgd, "opt": sgd, "optimizer": sgd,
    "base_optimizer": sgd, "fast_optimizer": sgd, "adv_optimizer": sgd, "tx": sgd,
    "max_consecutive_errors": 2, "every_k_schedule": 3, "mask": {"w": False, "b": True},
    "freeze_mask": {"w": False, "b": True}, "transforms": {"a": optax.adam(RATE), "s": sgd},
    "param_labels": {"w": "a", "b": "s"}, "step_size_fn": optax.linear_schedule(0.0, -RATE, 3),
    "f": None, "should_transform_fn": lambda step: step % 2 == 0, "value": RATE,
    "init_value": RATE, "end_value": 0.0, "peak_value": RATE, "transition_steps": 3,
    "decay_steps": 6, "decay_rate": 0.5, "warmup_steps": 2, "power": 2, "boundaries": [3],
    "schedules": [optax.constant_schedule(RATE), optax.linear_schedule(RATE, 0.0, 3)],
    "interpolate_type": "linear", "l2_norm_clip": 1.0, "eta": 0.01, "gamma": 0.55,
    "cosine_kwargs": [
        {"init_value": 0.0, "peak_value": RATE, "warmup_steps": 1, "decay_steps": 3}
    ] * 2,
    "sync_period": 3, "slow_step_size": 0.5, "noise_multiplier": 0.0, "seed": 0, "key": 0,
    "max_backtracking_steps": 5, "max_linesearch_steps": 5,
}  # fmt: skip
SPECIAL: dict[str, Callable[[], Any]] = {  # that take functions, or trees of another kind
    "masked": lambda: optax.masked(optax.adam(RATE), {"w": True, "b": False}),
    "freeze": lambda: optax.chain(sgd, optax.freeze({"w": False, "b": True})),
    "keep_params_nonnegative": lambda: optax.chain(sgd, optax.keep_params_nonnegative()),
    "chain": lambda: optax.chain(optax.clip(0.1), sgd),
    "named_chain": lambda: optax.named_chain(("clip", optax.clip(0.1)), ("sgd", sgd)),
    "inject_hyperparams": lambda: optax.inject_hyperparams(optax.adamw)(
        optax.linear_schedule(0.0, RATE, 3)
    ),
    "inject_stateful_hyperparams": lambda: optax.inject_stateful_hyperparams(optax.sgd)(RATE),
    "stateless": lambda: optax.stateless(lambda g, p: jax.tree.map(lambda x: -RATE * x, g)),
    "stateless_with_tree_map": lambda: optax.stateless_with_tree_map(lambda g, p: -RATE * g),
    "contrib.schedule_free": lambda: optax.contrib.schedule_free(sgd, RATE),
    "contrib.sam": lambda: optax.contrib.sam(
        sgd, optax.chain(optax.contrib.normalize(), optax.sgd(0.05))
    ),
}
NEEDS = {  # what is asked for beside a gradient, and so is no rule of gradients alone
    **dict.fromkeys(
        ("lbfgs", "polyak_sgd", "scale_by_polyak", "scale_by_backtracking_linesearch",
         "scale_by_zoom_linesearch", "contrib.momo", "contrib.momo_adam",
         "contrib.reduce_on_plateau"),
        "the loss",
    ),
    **dict.fromkeys(("contrib.sophia", "contrib.hutchinson_estimator_diag_hessian"), "the Hessian"),
    **dict.fromkeys(
        ("add_noise", "noisy_sgd", "contrib.dpsgd", "contrib.differentially_private_aggregate"),
        "random numbers, or a gradient for each sample",
    ),
    **dict.fromkeys(("lookahead",), "two copies of the weights"),
    **dict.fromkeys(("measure_with_ema", "monitor", "snapshot"), "something to measure"),
    "contrib.split_real_and_imaginary": "complex weights",
    "contrib.scale_by_muon": "matrices alone",
}  # fmt: skip


class Row(NamedTuple):
    """One transformation: the verdict on its own loop, why, and which variant of ours it is."""

    name: str
    kind: str
    verdict: str
    reason: str
    variants: str


def found() -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """(name, kind, make) of every public name that makes a transformation or a schedule."""
    for home, module in (("", optax), ("contrib.", optax.contrib)):
        for name in sorted(n for n in dir(module) if n[0] != "_"):
            function = getattr(module, name)
            if home + name in SPECIAL:
                yield home + name, "transformation", SPECIAL[home + name]
            elif callable(function) and _is_function(function):
                kind = _kind(function)
                if kind or _says_so(function):
                    yield home + name, kind or "transformation", lambda f=function: _rule(f)


def _is_function(function: Any) -> bool:
    made = inspect.isfunction(function) or isinstance(function, partial)  # as nadam is
    return made or function is optax.MultiSteps


def _says_so(function: Callable) -> bool:
    return "GradientTransformation" in str(inspect.signature(function).return_annotation)


def _made(function: Callable) -> Any:
    """What the function answers to our arguments; TypeError where it has others."""
    asked = inspect.signature(function).parameters.values()
    plain = [p for p in asked if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    given = {p.name: ARGUMENTS[p.name] for p in plain if p.name in ARGUMENTS and _is_open(p)}
    if any(p.default is p.empty and p.name not in given for p in plain):
        raise TypeError("it has other arguments")
    return function(**given)


def _is_open(p: inspect.Parameter) -> bool:
    return p.default is p.empty or (p.name == "learning_rate" and p.default is None)


def _kind(function: Callable) -> str:
    try:
        made: Any = _made(function)
        if hasattr(made, "init") and hasattr(made, "update"):
            return "transformation"
        rate: Any = made(0) if callable(made) else None
    except Exception:  # called with what it was not made for: no transformation
        return ""
    return "schedule" if rate is not None and np.shape(rate) == () else ""


def _rule(function: Callable) -> Any:
    made = _made(function)
    if not hasattr(made, "update"):
        return optax.sgd(made)
    rated = "learning_rate" in inspect.signature(function).parameters
    has_chain = isinstance(made, optax.GradientTransformation)
    return made if rated or not has_chain else optax.chain(made, optax.scale(-RATE))


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


def judged(name: str, kind: str, make: Callable[[], Any], dtype: str, runs: int = 0) -> Row:
    """The verdict; what stops it, if something does, is the reason."""
    if NEEDS.get(name):
        return Row(name, kind, "not judged", f"it needs {NEEDS[name]}", variants(name))
    rule = make()
    how = {"of": loss, "rule": rule, "params": PARAMS, "batches": BATCHES}
    finding = vf.validate_training(own(rule), dtype=dtype, runs=runs, **how)
    if finding.verdict == "undecided" and dtype != "float64":
        return judged(name, kind, make, "float64", runs)  # too few digits, as mechanize has
    right = finding.verdict == "correct"
    return Row(name, kind, str(finding.verdict), "" if right else finding.reason, variants(name))


def variants(name: str) -> str:
    """The variants whose arguments in the table of libraries call this name."""
    is_called = re.compile(rf"(?<![\w]){name.rpartition('.')[2]}\(").search
    return ", ".join(c.variant for c in LIBRARIES["optax"] if is_called(c.arguments))


def others(known: Collection[str]) -> dict[str, list[str]]:
    """Every other public name of optax and its contrib, by what it is."""
    out: dict[str, list[str]] = {}
    names = {*optax.__all__, *(f"contrib.{n}" for n in dir(optax.contrib) if n[0] != "_")}
    for name in sorted(names - set(known)):
        found = getattr(optax.contrib if "." in name else optax, name.rpartition(".")[2])
        out.setdefault(_what(found), []).append(name)
    return out


def _what(found: Any) -> str:
    if inspect.ismodule(found):
        return "modules"
    if inspect.isclass(found):
        return "states and other classes"
    if not inspect.isfunction(found):
        return "types"
    return "other functions"


def page(rows: list[Row], dtype: str) -> str:
    right = sum(row.verdict == "correct" for row in rows)
    asked = sum(row.verdict != "not judged" for row in rows)
    head = [
        "# Every transformation of optax",
        "",
        f"{len(rows)} names of optax {optax.__version__} and its contrib make a transformation",
        f"or a schedule. {asked} are judged with their own loop in {dtype}:",
        f"**{right} are correct**.",
        "Made by `python -m benchmarks.transformations`.",
        "",
        "| name | kind | verdict | reason | variants |",
        "| --- | --- | --- | --- | --- |",
    ]
    rest = [
        f"* {what}: {', '.join(names)}" for what, names in others([r.name for r in rows]).items()
    ]
    table = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([*head, *table, "", "## All other public names", "", *rest]) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    path = HERE / "updates_optax.json"
    known = json.loads(path.read_text("utf-8"))["rows"] if given.only else []
    kept = {row["name"]: Row(**row) for row in known}
    for name, kind, make in found():
        if not given.only or name in given.only:
            kept[name] = judged(name, kind, make, given.dtype)
            print(*kept[name][:4], flush=True)
    rows = sorted(kept.values(), key=lambda row: ("." in row.name, row.name))
    made = {"optax": optax.__version__, "rows": [row._asdict() for row in rows]}
    write_text(path, json.dumps(made, indent=1) + "\n")
    write_text(path.with_suffix(".md"), page(rows, given.dtype))
    return 1 if any(row.verdict not in ("correct", "not judged") for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
