"""Mistakes people make in schedules and in what a loop goes through: one custom changed."""

from ..adapters.token_loop import RIGHT, Customs, TokenWork


def since_resumed(work: TokenWork, step: int) -> int:
    return step - work.resume if step >= work.resume else step


def schedule_not_restored(work: TokenWork) -> Customs:
    """On resuming the schedule starts from its first rate.

    Where people meet it: a scheduler is made anew and its last epoch is not given.
    """
    return RIGHT._replace(count=since_resumed)


def first_batch(work: TokenWork) -> Customs:
    """Every step is taken on the first batch.

    Where people meet it: next(iter(loader)) stands inside the loop.
    """
    return RIGHT._replace(start=lambda work, step: 0)


def schedule_stepped_twice(work: TokenWork) -> Customs:
    """The schedule is stepped twice for each step of the rule.

    Where people meet it: scheduler.step() in the loop and in a callback, or once in every process.
    """
    return RIGHT._replace(count=lambda work, step: 2 * step)


def schedule_too_early(work: TokenWork) -> Customs:
    """The schedule is asked for the step after this one.

    Where people meet it: scheduler.step() before optimizer.step().
    """
    return RIGHT._replace(count=lambda work, step: step + 1)


def first_rate_zero(work: TokenWork) -> Customs:
    """The first step is taken at the rate 0.

    Where people meet it: a warm-up that is step / warmup, with steps from 0.
    """
    return RIGHT._replace(warm=lambda work, step: float(step > 0))
