"""Around a rule: accumulated gradients, averaged weights and schedules of the rate.

An average takes what arrives as the new weights, and its parameters are the average.
"""

from .descent import descent
from .variant import Variant

POLYAK = "Polyak & Juditsky, Acceleration of stochastic approximation by averaging (1992)"
SGDR = "Loshchilov & Hutter, SGDR: stochastic gradient descent with warm restarts (2017)"
GOYAL = "Goyal et al., Accurate, large minibatch SGD (2017)"


def accumulated(k, h, g, w, s, t, r):
    """w - r (mean of the last `every` gradients), at every `every`-th step."""
    total = k.n.piled(s["a"], g, (t - 1) % h.every + 1)
    if t % h.every:
        return w, {"a": total}
    return w - r * (total / h.every), {"a": total * 0}


def summed(k, h, g, w, s, t, r):
    """w - r (sum of the last `every` gradients), at every `every`-th step."""
    total = s["a"] + g
    return (w, {"a": total}) if t % h.every else (w - r * total, {"a": total * 0})


def average(k, h, g, w, s, t, r):
    """a <- decay a + (1 - decay) x, from the first x."""
    a = g if t == 1 else k.mean(h.decay, s["a"], g)
    return a, {"a": a}


def average_from_start(k, h, g, w, s, t, r):
    """a <- decay a + (1 - decay) x, from the initial weights."""
    a = k.mean(h.decay, s["a"], g)
    return a, {"a": a}


def average_unbiased(k, h, g, w, s, t, r):
    """a <- decay a + (1 - decay) x, from 0; a / (1 - decay^t)."""
    a = k.mean(h.decay, s["a"], g)
    return k.unbiased(a, h.decay, t), {"a": a}


def equal_average(k, h, g, w, s, t, r):
    """a <- a + (x - a) / t: the mean of all."""
    a = s["a"] + (g - s["a"]) / t
    return a, {"a": a}


def scheduled(factor, says: str):
    """Gradient descent with the rate r factor(h, k, i), i the steps taken before."""

    def step(k, h, g, w, s, t, r):
        return descent(k, h, g, w, s, t, r * factor(h, k, t - 1))

    step.__doc__ = f"w - r ({says}) g, i the steps taken before."
    return step


def _warm(h, k, i):
    steps = min(i + 1, h.warmup)
    return k.n.either(k.n.scalar(1.0) * steps / h.warmup, lambda: _step_by_step(h, k, steps))


def _step_by_step(h, k, steps):
    """Each factor from the one before, as PyTorch's LinearLR has it."""
    factor = first = k.n.scalar(1.0) / h.warmup
    rise = 1 - first
    for before in range(steps - 1):
        factor = factor * (1 + rise / (first * (h.warmup - 1) + rise * before))
    return factor


def _warm_from_zero(h, k, i):
    return k.n.scalar(1.0) * min(i, h.warmup) / h.warmup


SCHEDULES = {  # name -> the factor, in code, in words, in LaTeX, of which hyperparameters, source
    "schedule_step": (
        lambda h, k, i: h.gamma ** (i // h.step_size), "gamma^floor(i / step_size)",
        r"\gamma^{\lfloor i / n \rfloor}", {"gamma": 0.5, "step_size": 3},
        "torch's StepLR; optax.exponential_decay(staircase=True)",
    ),
    "schedule_exponential": (
        lambda h, k, i: h.gamma**i, "gamma^i", r"\gamma^i", {"gamma": 0.9},
        "torch's ExponentialLR; optax.exponential_decay",
    ),
    "schedule_inverse_time": (
        lambda h, k, i: 1 / (1 + h.gamma * i), "1 / (1 + gamma i)", r"\frac{1}{1 + \gamma i}",
        {"gamma": 0.5}, "Robbins & Monro (1951)",
    ),
    "schedule_cosine": (
        lambda h, k, i: (1 + k.n.cosine(min(i, h.total), h.total)) / 2,
        "(1 + cos(pi min(i, total) / total)) / 2",
        r"\tfrac12 (1 + \cos (\pi \min(i, T) / T))", {"total": 20},
        f"{SGDR}; optax.cosine_decay_schedule",
    ),
    "schedule_cosine_restless": (
        lambda h, k, i: (1 + k.n.cosine(i, h.total)) / 2,
        "(1 + cos(pi i / total)) / 2, up again after total",
        r"\tfrac12 (1 + \cos (\pi i / T))", {"total": 20},
        f"{SGDR}, equation 5 without restarts; torch's CosineAnnealingLR",
    ),
    "schedule_warmup": (
        _warm, "min(i + 1, warmup) / warmup", r"\min(i + 1, n) / n", {"warmup": 5},
        f"{GOYAL}, the first step not 0; torch's LinearLR(start_factor=1/n, total_iters=n-1)",
    ),
    "schedule_warmup_from_zero": (
        _warm_from_zero, "min(i, warmup) / warmup", r"\min(i, n) / n", {"warmup": 5},
        "optax.linear_schedule(0, r, warmup): the first step is lost",
    ),
}  # fmt: skip


def _schedule(name: str) -> Variant:
    factor, words, latex, defaults, source = SCHEDULES[name]
    formula = rf"w_t = w_{{t-1}} - r {latex} g_t, \quad i = t - 1"
    step = scheduled(factor, words)
    exact = "cosine" not in name
    return Variant(name, "schedule", step, formula, source, defaults=defaults, rational=exact)


EVERY, DECAY = {"every": 3}, {"decay": 0.9}
MIX = r"a_t = \delta a_{t-1} + (1 - \delta) x_t"
DUE = r"w_t = w_{t-1} - r_t \, %s \sum_{i = t - n + 1}^{t} g_i \text{ where } n \mid t"

VARIANTS = (
    Variant(
        "accumulation", "accumulation", accumulated, DUE % r"\tfrac1n", "optax.MultiSteps",
        {"a": 0}, EVERY, rational=True,
    ),
    Variant(
        "accumulation_sum", "accumulation", summed, DUE % "", "backward() called n times",
        {"a": 0}, EVERY, rational=True,
    ),
    Variant(
        "average", "average", average, MIX + r", \quad a_1 = x_1",
        "torch's AveragedModel with get_ema_avg_fn", {"a": 0}, DECAY, rational=True,
    ),
    Variant(
        "average_from_start", "average", average_from_start, MIX + r", \quad a_0 = w_0",
        f"{POLYAK}, weighted exponentially", {"a": "params"}, DECAY, rational=True,
    ),
    Variant(
        "average_from_zero", "average", average_from_start, MIX + r", \quad a_0 = 0",
        "optax.ema(debias=False)", {"a": 0}, DECAY, rational=True,
        says="a <- decay a + (1 - decay) x, from 0",
    ),
    Variant(
        "average_unbiased", "average", average_unbiased,
        MIX + r", \quad a_0 = 0, \quad a_t / (1 - \delta^t)", "optax.ema(debias=True)",
        {"a": 0}, DECAY, rational=True,
    ),
    Variant(
        "average_equal", "average", equal_average,
        r"a_t = a_{t-1} + (x_t - a_{t-1}) / t", f"{POLYAK}; torch's AveragedModel",
        {"a": 0}, rational=True,
    ),
    *map(_schedule, SCHEDULES),
)  # fmt: skip
