"""Gradients that a loop with a known mistake would have taken at the same weights.

One of them is the gradient in which one use of a weight sees it already updated, as writing in
place does.  The gradient's program reads a weight several times, in the forward pass and in the
backward pass; each of these uses in turn is given the weight after the step.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from ..arithmetic.formats import format_of
from ..measurement.sample import Sample
from ..oracles.question import as_exact
from ..vocabulary import Explanation
from . import differences, examples, factors, other_batches, parts
from .local import Reference, loose, moved, sloped
from .single_steps import WrongStep, fed, fitted, slopes
from .steps import Step


def of_gradient(
    wrong: WrongStep, instead: Mapping[str, Callable], held_out: tuple | None
) -> Iterator[Explanation]:
    """Every gradient that a known mistake would have made here, and how near it is."""
    here, term = wrong.k + 1, f"the gradient of step {wrong.k + 1}"
    alone = lambda weights, batch: sloped(wrong.reference.slopes, wrong.reference, weights, batch)
    say = lambda fault, said, sample, kind="fault": Explanation(
        kind, term, said, fault=fault, **_near(wrong, sample)
    )
    if wrong.k:
        earlier = wrong.reference.weights(wrong.steps, wrong.k - 1)
        stale = f"it is taken at the weights before step {here - 1}, not those after it"
        yield say("stale gradient", stale, alone(earlier, wrong.batch))
        last = f"it is the gradient of step {here - 1}: taken one step too early"
        yield say("stale gradient", last, alone(earlier, wrong.reference.batches[wrong.k - 1]))
        for said, sample in parts.never_cleared(wrong):
            yield say("gradients never cleared", said, sample)
        yield from _told_before(wrong, term)
    for name, said, sample in parts.of_micro_batches(wrong):
        yield say(name, f"{said}", sample)
    weighed = parts.of_weights(wrong)
    if weighed:
        yield Explanation("fault", term, weighed[1], fault=weighed[0], residual=0.0, fits=True)
    for name, said, batch in other_batches.without_masks(wrong):
        yield say(name, said, alone(wrong.before, batch))
    yield from other_batches.of_other_parts(wrong, _near, say)
    yield from _other_batches(wrong, say)
    for name, loss in instead.items():
        program = jax.value_and_grad(loss)
        sample = sloped(program, wrong.reference, wrong.before, wrong.batch)
        yield say(name, f"it is that of another loss, {name}", sample)
    for tensor, sample in partly_updated(wrong.reference, wrong.before, wrong.step, wrong.batch):
        said = f"one use of {tensor} sees it already updated: it is written in place, too early"
        yield say("in-place update", said, sample)
    for name, said, sample in factors.of_gradient(wrong):
        yield say(name, said, sample, "factor")
    yield from factors.of_narrow_format(wrong, term)
    yield from _of_differences(wrong, term)
    for said, sample in examples.others(
        wrong.reference, wrong.before, wrong.batch, wrong.step, None
    ):
        yield say("wrong seed", said, sample)
    yield from _leaks(wrong, term, held_out)


def _of_differences(wrong: WrongStep, term: str) -> Iterator[Explanation]:
    """A gradient that is made of losses: they were taken beside the weights."""
    if wrong.step.gradient is None:
        return
    loss = float(np.asarray(wrong.base.truth[0].mid))
    c = differences.divisor(wrong.step.gradient, loss, format_of(wrong.reference.dtype))
    if c is not None:
        said = (
            f"it is the difference of two losses over {c:g}: every entry is a whole number of last"
            " places of the loss; finite differences check a gradient, they do not replace it"
        )
        yield Explanation("fault", term, said, fault="finite differences", residual=0.0, fits=True)


def _told_before(wrong: WrongStep, term: str) -> Iterator[Explanation]:
    """The right gradient added to what was told of the step before, as PyTorch's .grad does it."""
    before, now = wrong.steps[wrong.k - 1].gradient, wrong.step.gradient
    if before is None or now is None:
        return
    truth = [
        ball._replace(mid=ball.mid + np.asarray(g, np.float64))
        for ball, g in zip(wrong.base.truth[1:], before, strict=True)
    ]
    room = [2.0 * a for a in wrong.base.allowed[1:]]
    said = "it is added to that of the step before: gradients pile up, they are never cleared"
    fits = fitted(list(zip(now, truth, room, strict=True)))
    yield Explanation("fault", term, said, fault="gradients never cleared", **fits)


def _leaks(wrong: WrongStep, term: str, held_out: tuple | None) -> Iterator[Explanation]:
    """Held-out examples in this step or in one of the next: which explains this one too."""
    if held_out is None:
        return
    last = min(wrong.k + AHEAD, len(wrong.steps))
    for k in range(wrong.k, last):
        step, before = wrong.steps[k], wrong.reference.weights(wrong.steps, k)
        batch = wrong.reference.batches[k]
        for said, sample in examples.others(wrong.reference, before, batch, step, held_out):
            fits = _near(wrong._replace(k=k), sample) if step.gradient is not None else {}
            if fits.get("fits"):
                where = "" if k == wrong.k else f", as that of step {k + 1} shows"
                said = f"{said}{where}: the data were shuffled before they were split"
                yield Explanation("fault", term, said, fault="shuffle before split", **fits)
                return


def _other_batches(wrong: WrongStep, say: Callable) -> Iterator[Explanation]:
    batches = wrong.reference.batches
    others = [j for j in range(len(batches)) if j != wrong.k]
    near = sorted(others, key=lambda j: (abs(j - wrong.k), j < wrong.k))[:MOST]
    samples = slopes(wrong.reference, [(wrong.before, batches[j]) for j in near])
    size = lambda j: np.shape(jax.tree.leaves(batches[j])[0])[:1]
    for j, sample in zip(near, samples, strict=True):
        said = f"it is taken on batch {j + 1}, not on batch {wrong.k + 1}"
        left_out = j == wrong.k + 1 and size(wrong.k) < size(j)
        if left_out:
            said += f": the last, smaller batch {wrong.k + 1} is left out"
        one = say("last batch dropped" if left_out else "wrong order", said, sample)
        period = wrong.k - j
        if one.fits and not j:
            parts = range(len(jax.tree.leaves(wrong.batch)))
            name, said = other_batches.order_of(wrong, _near, parts)
            one = replace(one, mistake=said, fault=name)
        elif one.fits and period > 0 and _again(wrong, period):
            said = f"{said}, and the next step on batch {j + 2}: the same every {period} steps"
            one = replace(one, mistake=said, fault="same order every epoch")
        yield one


def _again(wrong: WrongStep, period: int) -> bool:
    """Whether the next step is taken on the batch of so many steps ago as well."""
    k = wrong.k + 1
    if k >= len(wrong.steps) or wrong.steps[k].gradient is None:
        return False
    before = wrong.reference.weights(wrong.steps, k)
    (sample,) = slopes(wrong.reference, [(before, wrong.reference.batches[k - period])])
    return bool(_near(wrong._replace(k=k), sample)["fits"])


MOST = 64  # of the other batches: the nearest
AHEAD = 8  # steps in which held-out examples are looked for


def _near(wrong: WrongStep, sample: Sample) -> dict:
    """How well a gradient explains what the candidate told of the step."""
    step, told = wrong.step, []
    if step.gradient is not None:
        told = list(zip(step.gradient, sample.truth[1:], sample.allowed[1:], strict=True))
    else:
        moves, _ = moved(wrong.reference, wrong.memory, fed(sample, step), wrong.before)
        told = list(zip(step.weights, moves.truth, moves.allowed, strict=True))
    alone = step.gradient is None or is_right(wrong)  # then the loss alone is wrong
    if alone and step.loss is not None and np.isfinite(sample.allowed[0]).all():
        told.append((step.loss, sample.truth[0], sample.allowed[0]))
    return fitted(told)


def is_right(wrong: WrongStep) -> bool:
    """Whether the gradient that is told is right: then every mistake that keeps it explains it."""
    base, told = wrong.base, wrong.step.gradient or ()
    return bool(fitted(list(zip(told, base.truth[1:], base.allowed[1:], strict=True)))["fits"])


def partly_updated(
    reference: Reference, before: list, step: Step, batch: tuple
) -> Iterator[tuple[str, Sample]]:
    """(tensor, loss and gradient) for every use of every weight."""
    args = (reference.tree(before), reference.tree(step.weights), *batch)
    with loose():
        leaves, tree = jax.tree.flatten(jax.tree.map(as_exact, args))
        flat = lambda *xs: _ignoring(reference, jax.tree.unflatten(tree, xs))
        program = jax.make_jaxpr(flat)(*leaves)
    for tensor, path in enumerate(reference.paths):
        for use in _uses(program, tensor):
            altered = _altered(program, tensor, len(before), use)

            def slopes(params, *data, altered=altered):
                after = list(map(as_exact, step.weights))
                flat = [*jax.tree.leaves(params), *after, *jax.tree.leaves(data)]
                loss, *gradient = jaxpr_as_fun(altered)(*flat)
                return loss, reference.tree(gradient)

            yield path, sloped(slopes, reference, before, batch)


def _ignoring(reference: Reference, args: tuple) -> list:
    """The slopes, of a program that has the new weights too and does not read them."""
    params, _, *batch = args
    return jax.tree.leaves(reference.slopes(params, *batch))


def _uses(program: ClosedJaxpr, tensor: int) -> list[int]:
    var = program.jaxpr.invars[tensor]
    return [n for n, eqn in enumerate(program.jaxpr.eqns) if any(v is var for v in eqn.invars)]


def _altered(program: ClosedJaxpr, tensor: int, count: int, use: int) -> ClosedJaxpr:
    jaxpr = program.jaxpr
    old, new = jaxpr.invars[tensor], jaxpr.invars[count + tensor]
    eqns = list(jaxpr.eqns)
    invars = [new if v is old else v for v in eqns[use].invars]
    eqns[use] = eqns[use].replace(invars=invars)
    return ClosedJaxpr(jaxpr.replace(eqns=eqns), program.consts)
