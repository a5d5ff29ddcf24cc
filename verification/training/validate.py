"""Judge a training run: every step alone, and all of them together against a band of rounding."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import jax
import numpy as np

import refnet

from .. import faults
from ..adapters.recorded import names
from ..measurement.answer import cast
from ..measurement.budget import DTYPES
from ..measurement.own_draws import in_own_draws
from ..measurement.power import by_leaf, sensitivity
from ..measurement.subject import with_stored
from ..vocabulary import Explanation, Verdict
from ..vocabulary.names import unknown
from ..vocabulary.progress import begin, counted, watched
from . import mistakes
from .band import NOTHING, RUNS, Band, band
from .finding import Seen, TrainingFinding, looked
from .keys import without_keys
from .local import Reference
from .single_steps import Left, judged, left
from .steps import Parameters, Taken, taken
from .verdict import verdict_on


def validate_training(
    train: Any,
    *,
    of: Callable,
    rule: Any,
    params: Any,
    batches: Iterable[tuple],
    dtype: str = "float64",
    seed: int = 0,
    runs: int = RUNS,
    instead: Mapping[str, Callable] | None = None,
    held_out: tuple | None = None,
    **hyperparameters: Any,
) -> TrainingFinding:
    """The verdict on a run from `params` over `batches`, one step for each, in their order.

    train     train(params, batches) yields or returns one record per step: the weights after it,
              or vf.TrainingStep(weights, loss, gradient), the latter two at the weights before it;
              or a folder that `vf.record` wrote
    of        of(params, *batch) -> the loss of a batch, traceable by JAX
    rule      a name of refnet.UPDATES with its hyperparameters, or any optax transformation
    dtype     one of measurement.budget.DTYPES; params and batches are cast to it
    runs      of the reference with random roundings, that make the band; 0 makes none: then each
              step alone decides, where its gradient is told
    instead   other losses that may have been trained by mistake: name -> f(params, *batch)
    held_out  examples that must not have been trained on, as one batch

    Every step is judged alone, from the weights the candidate had before it, within what one
    gradient and one update may round; and the whole run within the band of 32 runs of the reference
    with random roundings.  The first of these is blind to nothing that a step did and knows no
    chaos; the second sees errors that are small in every step and have one direction.

    `correct` all of both; `wrong` some step alone; `inaccurate` where float64 mends it, or only the
    band is left; `undecided` where the band is as wide as the weights, or an entry has no bound;
    `rejected` for a loop that raises, stops early, or answers no numbers.  Raises ValueError or
    TypeError for arguments that are not what they should be.
    """
    made = _rule(rule, hyperparameters)
    _check(of, params, dtype)
    train, of, batches, instead, held_out = without_keys(
        train, of, _batches(batches), instead or {}, held_out
    )
    if runs != 0 and runs < RUNS:
        raise ValueError(f"runs is {runs}; a band wants at least {RUNS}, and 0 makes none")
    whole = Parameters.of(params)
    if not all(whole.floats):
        of, params = _of_trained(of, whole), whole.trained
    reference = _reference(of, made, params, batches, dtype)
    if isinstance(rule, str):
        reference = reference._replace(named=(rule, hyperparameters))
    return _watched(train, reference, whole, seed, runs, instead, held_out)


@watched("training")
def _watched(
    train: Any, reference: Reference, whole: Parameters, seed: int, runs: int, instead, held_out
) -> TrainingFinding:
    run = taken(train, reference.params, reference.batches, whole)
    seen, first, unknown = Seen(), None, hasattr(reference.of, "unknown")
    steps = run.steps if not unknown else ()
    for step in counted("steps judged", judged(reference, steps), range(len(steps))):
        seen, first = looked(seen, step, reference.dtype, faults.ALL.values()), left(step)
        if first:
            break
    begin(f"the band of {runs} runs" if runs else "")
    ribbon = band(reference, steps, seed, runs) if steps and runs else NOTHING
    explanation = _explained(reference, run, first, instead, held_out)
    verdict, reason = verdict_on(reference, run, seen, first, ribbon)
    nameless = verdict is Verdict.WRONG and not any(one.fits for one in explanation[:1])
    lost = _digits_lost(train, reference, run, first, whole) if first and nameless else ""
    if lost:
        verdict, explanation, reason = Verdict.INACCURATE, (), f"{lost}: {reason}"
    return _finding(train, reference, run, seen, first, ribbon, verdict, reason, explanation)


def _of_trained(of: Callable, whole: Parameters) -> Callable:
    """The loss as a function of what is trained."""
    return lambda trained, *batch: of(whole.filled(trained), *batch)


def _reference(of, rule, params, batches, dtype: str) -> Reference:
    own = tuple(cast((params,), dtype, (0,)))[0]
    data = [cast(tuple(batch), dtype) for batch in batches]
    drawn = in_own_draws(of, (own, *data[0]), (0,), dtype)
    paths = tuple(names(params))
    return Reference(drawn, _slopes(drawn), rule, own, data, paths, dtype, given=of)


@lru_cache(maxsize=64)  # one function for one loss: compiled once
def _slopes(of: Callable) -> Callable:
    """(params, *batch) -> loss and gradient; slopes may be read back from stored outputs."""
    return jax.value_and_grad(with_stored(of))


def _explained(
    reference: Reference, run: Taken, first: Left | None, instead: Mapping, held_out: tuple | None
) -> tuple[Explanation, ...]:
    if first is None:
        return ()
    point = (reference.params, *reference.batches[0])
    own = lambda other: in_own_draws(other, point, (0,), reference.dtype)
    others = {name: own(other) for name, other in instead.items()}
    return mistakes.explain(reference, run.steps, first, others, held_out)


def _digits_lost(train, reference: Reference, run: Taken, first: Left, whole: Parameters) -> str:
    """Why the step is right but for its digits; "" where it is not."""
    if reference.dtype == "float64":
        single = all(leaf.dtype == np.float32 for step in run.steps for leaf in step.weights)
        return (
            "in float32, which the loop computes in, it is right"
            if single and _right(reference, run, "float32")
            else ""
        )
    if callable(train) and _mends(train, reference, first, whole):
        return f"in float64 this step is right; in {reference.dtype} it loses digits"
    return ""


def _right(reference: Reference, run: Taken, dtype: str) -> bool:
    """Whether every step is inside the budget of another format."""
    other = _reference(reference.given, reference.rule, reference.params, reference.batches, dtype)
    return not any(map(left, judged(other, run.steps)))


def _mends(train, reference: Reference, first: Left, whole: Parameters) -> bool:
    """Whether the same loop in float64 makes this step right."""
    of, rule = reference.given, reference.rule
    wide = _reference(of, rule, reference.params, reference.batches, "float64")
    run = taken(train, wide.params, wide.batches[: first.step], whole)
    steps = list(judged(wide, run.steps))
    return len(steps) == first.step and not any(map(left, steps))


def _rule(rule: Any, hyperparameters: dict) -> Any:
    if isinstance(rule, str):
        if rule not in refnet.UPDATES:
            raise ValueError(unknown("rule", rule, refnet.UPDATES))
        return _made(rule, hyperparameters)
    if hyperparameters:
        raise TypeError(
            f"{', '.join(hyperparameters)}: hyperparameters go with the name of a rule; "
            "an optax transformation has its own already"
        )
    if not (hasattr(rule, "init") and hasattr(rule, "update")):
        raise TypeError(f"rule is {rule!r}; pass a name or an optax transformation")
    return rule


def _made(name: str, hyperparameters: dict) -> Any:
    try:
        inspect.signature(refnet.UPDATES[name]).bind(**hyperparameters)
    except TypeError as error:
        wanted = ", ".join(inspect.signature(refnet.UPDATES[name]).parameters)
        raise TypeError(f"the rule {name}: {error}; it takes {wanted}") from error
    return refnet.UPDATES[name](**hyperparameters)


def _batches(batches: Any) -> Sequence[tuple]:
    if not isinstance(batches, Sequence):
        kind = type(batches).__name__
        raise TypeError(f"batches is a {kind}; pass a list of batches, which can be read twice")
    if not len(batches) or not all(isinstance(batch, tuple | list) for batch in batches):
        raise ValueError("batches: pass at least one, each a tuple such as (x, y)")
    return batches


def _check(of, params, dtype: str) -> None:
    if not callable(of):
        raise TypeError(f"of is {of!r}; pass a function of params and a batch")
    if dtype not in DTYPES:
        raise ValueError(unknown("dtype", dtype, DTYPES))
    leaves = jax.tree.leaves(params)
    if not any(jax.numpy.issubdtype(np.asarray(x).dtype, np.floating) for x in leaves):
        raise ValueError("params: there must be an array of floats among its leaves")


def _finding(
    train: Any,
    reference: Reference,
    run: Taken,
    seen: Seen,
    first: Left | None,
    ribbon: Band,
    verdict: Verdict,
    reason: str,
    explanation: tuple[Explanation, ...],
) -> TrainingFinding:
    leaves, gone = by_leaf(seen.best), ribbon.left()
    step, tensor, part = (first.step, first.tensors[0], first.part) if first else (None, "", "")
    if verdict is Verdict.INACCURATE and first is None and gone is not None:
        step, tensor, part = gone[0], reference.paths[gone[1]], "band"
    return TrainingFinding(
        name=getattr(train, "__name__", type(train).__name__),
        dtype=reference.dtype,
        verdict=verdict,
        reason=reason,
        power={path: leaf.power for path, leaf in leaves.items()},
        worst=seen.worst,
        cases=len(run.steps),
        skipped=seen.skipped,
        oracle="reverse_autodiff",
        kills={name: caught for name, caught in seen.kills.items() if caught is not None},
        explanation=explanation,
        budget="budget of one step, and the band of a perturbed ensemble",
        cases_asked=len(reference.batches),
        cases_drawn=len(run.steps),
        sensitivity={path: sensitivity(leaf) for path, leaf in leaves.items()},
        by_entry={path: leaf.of_rms for path, leaf in leaves.items()},
        step=step,
        tensor=tensor,
        left=part,
        out_of_band=gone[0] if gone else None,
        chaos_from=ribbon.open_from,
        band=float(ribbon.width[-1]) if len(ribbon.width) else 0.0,
    )
