"""RMSProp: epsilon inside or outside the root, centred, corrected, with momentum."""

from itertools import product

from .variant import Variant

HINTON = "Tieleman & Hinton, Lecture 6.5 (2012)"
GRAVES = "Graves, Generating sequences with recurrent neural networks (2013), eq. 38 to 41"


def scale(k, h, g, s, t, *, centred=False, corrected=False, root="inside"):
    """g over the root of its mean square, and the means."""
    v = k.mean_square(h.decay, s["v"], g)
    memory, spread = {"v": v}, k.unbiased_square(v, h.decay, t) if corrected else v
    if centred:
        memory["m"] = k.mean(h.decay, s["m"], g)
        spread = v - memory["m"] * memory["m"]
    return g / getattr(k, root)(spread, h.eps), memory


def plain(root: str, centred: bool, corrected: bool = False):
    def step(k, h, g, w, s, t, r):
        d, memory = scale(k, h, g, s, t, centred=centred, corrected=corrected, root=root)
        return w - r * d, memory

    return step


def with_momentum(root: str, centred: bool, rate_inside: bool):
    def step(k, h, g, w, s, t, r):
        d, memory = scale(k, h, g, s, t, centred=centred, root=root)
        b = k.velocity(h.momentum, s["b"], r * d if rate_inside else d)
        return w - (b if rate_inside else r * b), {**memory, "b": b}

    return step


ROOTS = {  # where epsilon is -> the denominator, in words and in LaTeX
    "inside": ("sqrt({} + eps)", r"\sqrt{{{} + \epsilon}}"),
    "outside": ("(sqrt({}) + eps)", r"(\sqrt{{{}}} + \epsilon)"),
}
MEAN = r"v_t = \rho v_{t-1} + (1 - \rho) g_t^2, \quad "
CENTRE = r"m_t = \rho m_{t-1} + (1 - \rho) g_t, \quad "


def named(root: str, centred: bool, momentum: str = "", corrected: bool = False) -> Variant:
    """One variant of the table below, its name put together from what it does."""
    words, latex = ROOTS[root]
    of = "v - m^2" if centred else "v / (1 - decay^t)" if corrected else "v"
    mathematics = "v_t - m_t^2" if centred else r"v_t / (1 - \rho^t)" if corrected else "v_t"
    d, dl = f"g / {words.format(of)}", f"g_t / {latex.format(mathematics)}"
    tail = {
        "": (f"w - r {d}", rf"w_t = w_{{t-1}} - r_t {dl}"),
        "outside": (
            f"b <- momentum b + {d}; w - r b",
            rf"b_t = \mu b_{{t-1}} + {dl}, \quad w_t = w_{{t-1}} - r_t b_t",
        ),
        "inside": (
            f"b <- momentum b + r {d}; w - b: the rate inside the velocity",
            rf"b_t = \mu b_{{t-1}} + r_t {dl}, \quad w_t = w_{{t-1}} - b_t",
        ),
    }[momentum]
    name = ["rmsprop"] + ["centred"] * centred + ["unbiased"] * corrected
    name += ["eps_outside"] * (root == "outside")
    name += {"": [], "inside": ["momentum_rate_inside"], "outside": ["momentum"]}[momentum]
    memory = {"v": 0} | ({"m": 0} if centred else {}) | ({"b": 0} if momentum else {})
    m = "m <- decay m + (1 - decay) g; " if centred else ""
    step = (
        with_momentum(root, centred, momentum == "inside")
        if momentum
        else plain(root, centred, corrected)
    )
    return Variant(
        "_".join(name),
        "rmsprop",
        step,
        MEAN + (CENTRE if centred else "") + tail[1],
        GRAVES if centred else HINTON,
        memory,
        {"decay": 0.9, "eps": 1e-8} | ({"momentum": 0.9} if momentum else {}),
        says=f"v <- decay v + (1 - decay) g^2; {m}{tail[0]}",
    )


VARIANTS = (
    *(named(*made) for made in product(ROOTS, (False, True), ("", "outside", "inside"))),
    *(named(root, False, corrected=True) for root in ROOTS),
)
