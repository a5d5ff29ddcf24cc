"""Mistakes in the schedule of the rate: another one, applied twice, stepped too often or early."""

from dataclasses import replace

from ...derivations.rules import Variant

Wrong = Variant | None


def schedule_applied_twice(v: Variant) -> Wrong:
    """r (r_t / r_1) for r_t where r_t is the scheduled rate: its factor is multiplied in twice.

    Where people meet it: the scheduler scales the optimizer's rate, and the loop scales the loss.
    """
    return replace(v, rate_at=lambda rates, t: rates[t - 1] * rates[t - 1] / rates[0])


def rate_falls_with_the_root(v: Variant) -> Wrong:
    """r_t / sqrt t for r_t.

    Where people meet it: an inverse-root schedule is left in the rule, as theory has it.
    """
    return _by(v, lambda k, t: 1 / k.n.sqrt(k.n.scalar(float(t))))


def rate_falls_with_time(v: Variant) -> Wrong:
    """r_t / t for r_t.

    Where people meet it: Robbins and Monro's rate inside of a rule that has a schedule already.
    """
    return _by(v, lambda k, t: k.n.scalar(1.0) / t)


def rate_warmed_up(v: Variant) -> Wrong:
    """r_t min(t / 5, 1) for r_t: a warm-up of five steps that nobody asked for.

    Where people meet it: a trainer's default has warm-up steps.
    """
    return _by(v, lambda k, t: k.n.scalar(1.0) * min(t, 5) / 5)


def rate_divided_by_first(v: Variant) -> Wrong:
    """r_t / r_1 for r_t: the schedule's factor alone, without the rate.

    Where people meet it: a schedule that answers a factor is handed over as one of rates.
    """
    return replace(v, rate_at=lambda rates, t: rates[t - 1] / rates[0])


def rate_of_the_step_after_next(v: Variant) -> Wrong:
    """The rate of step t + 2 for that of step t.

    Where people meet it: the schedule is stepped before the first step, and in every step first.
    """
    return replace(v, rate_at=lambda rates, t: rates[min(t + 1, len(rates) - 1)])


def schedule_stepped_by_four(v: Variant) -> Wrong:
    """The rate of step 4 t for that of step t.

    Where people meet it: the schedule is stepped for each of four micro-batches, or processes.
    """
    return replace(v, rate_at=lambda rates, t: rates[min(4 * (t - 1), len(rates) - 1)])


def schedule_stepped_at_every_other_step(v: Variant) -> Wrong:
    """The rate of step t / 2 for that of step t.

    Where people meet it: the schedule counts epochs, or another number of processes was assumed.
    """
    return replace(v, rate_at=lambda rates, t: rates[(t - 1) // 2])


def _by(v: Variant, factor) -> Wrong:
    step = v.step

    def change(k, h, g, w, s, t, r):
        return step(k, h, g, w, s, t, r * factor(k, t))

    return replace(v, step=change)
