"""Averages of the weights that warm up, or begin late and take every few steps."""

from .variant import Variant

IZMAILOV = "Izmailov et al., Averaging weights leads to wider optima (2018)"


def warm(k, h, g, w, s, t, r):
    """a <- d a + (1 - d) x from the initial weights, d = min(decay, (1 + t) / (10 + t))."""
    share = k.n.scalar(1.0) * (1 + t) / (10 + t)
    a = k.mean(-k.n.larger(-h.decay, -share), s["a"], g)
    return a, {"a": a}


def warm_power(k, h, g, w, s, t, r):
    """a <- d a + (1 - d) x, d = min(decay, 1 - (1 + (t - 1) / inv_gamma)^-power)."""
    if t == 1:
        return g, {"a": g}
    share = 1 - k.n.power(1 + (t - 1) / h.inv_gamma, -h.power)
    a = k.mean(-k.n.larger(-h.decay, -share), s["a"], g)
    return a, {"a": a}


def periodic(k, h, g, w, s, t, r):
    """a = x at step `begins`, then the mean of it and of x at every `cycle`-th step; w before."""
    after, rest = divmod(t - h.begins, h.cycle)
    if after < 0 or rest:
        return s["a"], s
    a = g if after == 0 else s["a"] + (g - s["a"]) / (after + 1)
    return a, {"a": a}


MIX = r"a_t = d_t a_{t-1} + (1 - d_t) x_t, \quad "

VARIANTS = (
    Variant(
        "average_warm", "average", warm,
        MIX + r"a_0 = w_0, \quad d_t = \min(\delta, \frac{1 + t}{10 + t})",
        "tf.train.ExponentialMovingAverage(num_updates=t)", {"a": "params"}, {"decay": 0.999},
        rational=True,
    ),
    Variant(
        "average_warm_power", "average", warm_power,
        MIX + r"d_t = \min(\delta, 1 - (1 + (t - 1) / \gamma)^{-p})",
        "the warm-up of timm's ModelEmaV3 and of diffusers' EMAModel", {"a": 0},
        {"decay": 0.9999, "inv_gamma": 1.0, "power": 2 / 3},
    ),
    Variant(
        "average_periodic", "average", periodic,
        r"a_t = a_{t-1} + (x_t - a_{t-1}) / (i + 1) \text{ where } t = s + c i, \quad a_s = x_s",
        f"{IZMAILOV}, algorithm 1: SWA", {"a": "params"}, {"begins": 4, "cycle": 2},
        rational=True,
    ),
)  # fmt: skip
