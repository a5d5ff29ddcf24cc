"""Mistakes in the rate, the count of steps and the gradient that a step is taken with."""

from dataclasses import replace

from ...derivations.rules import Variant
from .change import mask_of, stepping

Wrong = Variant | None
FROM_ZERO = ("accumulation", "adagrad", "average", "schedule", "sharpness_aware", "sophia")


def rate_twice(v: Variant) -> Wrong:
    """The rate is applied twice."""
    return stepping(v, lambda step, *args: step(*args[:-1], args[-1] * args[-1]))


def rate_missing(v: Variant) -> Wrong:
    """The rate is not applied at all."""
    return stepping(v, lambda step, *args: step(*args[:-1], args[-1] * 0 + 1))


def rate_halved(v: Variant) -> Wrong:
    """Half of the rate: the 1/2 of a loss that has none."""
    return stepping(v, lambda step, *args: step(*args[:-1], args[-1] / 2))


def climbing(v: Variant) -> Wrong:
    """w + r d for w - r d: the step climbs."""
    return stepping(v, lambda step, *args: step(*args[:-1], -args[-1]))


def rate_of_next_step(v: Variant) -> Wrong:
    """The rate of the following step: a schedule off by one."""
    return replace(v, rate_at=lambda rates, t: rates[min(t, len(rates) - 1)])


def rate_of_last_step(v: Variant) -> Wrong:
    """The rate of the step before: a schedule off by one."""
    return replace(v, rate_at=lambda rates, t: rates[max(t - 2, 0)])


def first_rate_for_ever(v: Variant) -> Wrong:
    """The first rate stays: a change of it is never seen."""
    return replace(v, rate_at=lambda rates, t: rates[0])


def count_ahead(v: Variant) -> Wrong:
    """t starts at 2: counted before and after the step."""
    return replace(v, clock=lambda t: t + 1)


def count_behind(v: Variant) -> Wrong:
    """t - 1 for t, 1 at the first two steps: counted after the step."""
    return replace(v, clock=lambda t: max(t - 1, 1))


def count_from_zero(v: Variant) -> Wrong:
    """t - 1 for t: steps are counted from 0.

    Where people meet it: a formula with t = 1, 2, ... in a loop over range(steps).  Where that
    divides by 1 - b^t or by t there is no number at the first step, and nobody is misled.
    """
    divided = v.name in ("average_unbiased", "average_equal")
    return None if divided or v.family not in FROM_ZERO else replace(v, clock=lambda t: t - 1)


def count_stays(v: Variant) -> Wrong:
    """t stays 1: the count is not written back."""
    return replace(v, clock=lambda t: 1)


def count_by_leaf(v: Variant) -> Wrong:
    """t goes up with every leaf: three times as fast."""
    return replace(v, clock=lambda t: 3 * t)


def count_per_leaf(v: Variant) -> Wrong:
    """Every leaf counts on: leaf i of n has the count n (t - 1) + i + 1.

    Where people meet it: the count is raised inside the loop over parameters.
    """

    def change(step, k, h, g, w, s, t, r):
        n = len(k.n.slices)
        parts = [step(k, h, g, w, s, n * (t - 1) + i + 1, r) for i in range(n)]

        def joined(values, memory=""):
            masks = (mask_of(k, v, memory, [leaf]) for leaf in k.n.slices)
            return sum(m * x for m, x in zip(masks, values, strict=True))

        after = {name: joined([after[name] for _, after in parts], name) for name in parts[0][1]}
        return joined([moved for moved, _ in parts]), after

    return stepping(v, change) if "p" not in v.start and v.family != "loss_scaling" else None


def count_per_group(v: Variant) -> Wrong:
    """Both groups of leaves count on: the first leaf has 2 t - 1, the others 2 t.

    Where people meet it: one count for all groups of parameters, raised once for each of them.
    """

    def change(step, k, h, g, w, s, t, r):
        one, two = (step(k, h, g, w, s, count, r) for count in (2 * t - 1, 2 * t))
        first = lambda memory: mask_of(k, v, memory, k.n.slices[:1])
        joined = lambda x, y, memory="": y + first(memory) * (x - y)
        return joined(one[0], two[0]), {n: joined(x, two[1][n], n) for n, x in one[1].items()}

    return stepping(v, change) if "p" not in v.start and v.family != "loss_scaling" else None


def count_by_micro_batch(v: Variant) -> Wrong:
    """t goes up by two in a step: 2 t for t.

    Where people meet it: the count is raised in every backward pass, or by every process.
    """
    return replace(v, clock=lambda t: 2 * t)


def count_stops_at_256(v: Variant) -> Wrong:
    """t is 256 at most.

    Where people meet it: a count kept in bfloat16, where 256 + 1 is 256.
    """
    return replace(v, clock=lambda t: min(t, 256))


def count_starts_again_at_256(v: Variant) -> Wrong:
    """After 256 steps t is 1 again.

    Where people meet it: a count kept in eight bits.
    """
    return replace(v, clock=lambda t: (t - 1) % 256 + 1)


def schedule_stepped_twice(v: Variant) -> Wrong:
    """The rate of step 2 t for that of step t.

    Where people meet it: the scheduler's step is called by the loop and by the trainer, or once for
    each of two optimizers.
    """
    return _faster(v, 2)


def schedule_stepped_by_every_process(v: Variant) -> Wrong:
    """The rate of step 8 t for that of step t.

    Where people meet it: a scheduler that is wrapped for eight processes steps for each of them.
    """
    return _faster(v, 8)


def _faster(v: Variant, times: int) -> Wrong:
    return replace(v, rate_at=lambda rates, t: rates[min(times * (t - 1), len(rates) - 1)])


def first_rate_is_zero(v: Variant) -> Wrong:
    """The first step has the rate 0; the others are right.

    Where people meet it: a warm-up that divides the steps taken so far, and starts to count at 0.
    """
    return replace(v, rate_at=lambda rates, t: rates[0] * 0 if t == 1 else rates[t - 1])


def stale_gradient(v: Variant) -> Wrong:
    """Every step is taken with the gradient of the step before."""
    return replace(v, gradient_at=lambda gradients, t: gradients[max(t - 2, 0)])


def first_gradient(v: Variant) -> Wrong:
    """Every step is taken with the first gradient."""
    return replace(v, gradient_at=lambda gradients, t: gradients[0])


def never_zeroed(v: Variant) -> Wrong:
    """Gradients pile up: they are never set to zero."""
    return replace(v, gradient_at=lambda gradients, t: sum(gradients[1:t], gradients[0]))


def gradient_doubled(v: Variant) -> Wrong:
    """Twice the gradient: two backward passes for one step."""
    return replace(v, gradient_at=lambda gradients, t: 2 * gradients[t - 1])


def gradient_sign(v: Variant) -> Wrong:
    """Only the sign of the gradient."""
    return stepping(v, lambda step, k, h, g, w, s, t, r: step(k, h, k.n.sign(g), w, s, t, r))


def first_step_lost(v: Variant) -> Wrong:
    """The first step is not taken, though it is remembered."""

    def change(step, k, h, g, w, s, t, r):
        moved, s = step(k, h, g, w, s, t, r)
        return (w if t == 1 else moved), s

    return stepping(v, change)
