"""Steps that may not be taken: gradients that are no numbers, scaled losses, ascent before descent.

A scaled loss has gradients `scale` times as large; the scale follows whether they overflow.
"""

from .variant import Variant

MICIKEVICIUS = "Micikevicius et al., Mixed precision training (2018)"
FORET = "Foret et al., Sharpness-aware minimization (2021)"


def skipping(k, h, g, w, s, t, r):
    """w - r g where every entry of g is a number, else w."""
    return (w - r * g if k.finite(g) else w), s


def scaled(k, h, g, w, s, t, r):
    """w - r g / S and 2 S after `interval` such steps; where g overflows, w stays, and S / 2."""
    return following(k, h, g, w, s, lambda g: w - r * g)


def scaled_clipped(k, h, g, w, s, t, r):
    """loss_scaling with g / S clipped to max_norm over all leaves."""
    return following(k, h, g, w, s, lambda g: w - r * k.shortened(g, h.max_norm))


def following(k, h, g, w, s, step):
    """step(g / S) and the next scale; the count of good steps is no memory of numbers."""
    if not k.finite(g):
        return w, {"S": k.backed_off(s["S"]), "_good": 0}
    good = s.get("_good", 0) + 1
    after = k.grown(s["S"]) if good == h.interval else s["S"]
    return step(k.unscaled(g, s["S"])), {"S": after, "_good": good % h.interval}


def sharpness_aware(k, h, g, w, s, t, r):
    """w + radius g / |g| at odd steps; at even ones w - r g from the w before that."""
    if t % 2:
        return w + h.radius * g / k.global_norm(g), {"o": w}
    old = s["o"]
    return k.n.either(old - r * g, lambda: w + ((old - w) - r * g)), {"o": old}


SCALE = r"w_t = w_{t-1} - r_t %s \text{ where } g_t \text{ is finite, else } w_{t-1}, \quad "
NEXT = r"S \leftarrow 2 S \text{ after } n \text{ steps, } S / 2 \text{ where } g_t \text{ is not}"
GROWING = {"init_scale": 2.0**16, "interval": 2000}

VARIANTS = (
    Variant(
        "skip_not_finite", "guarded", skipping, SCALE % "g_t" + r"r_t \text{ as it is}",
        "optax.apply_if_finite(sgd(r), ...)",
    ),
    Variant(
        "loss_scaling", "loss_scaling", scaled, SCALE % "g_t / S" + NEXT,
        f"{MICIKEVICIUS}; torch.amp.GradScaler around SGD", {"S": "init_scale"}, GROWING,
    ),
    Variant(
        "loss_scaling_clip", "loss_scaling", scaled_clipped,
        SCALE % r"\operatorname{clip}(g_t / S, c)" + NEXT,
        "torch.amp.GradScaler: unscale_, then clip_grad_norm_", {"S": "init_scale"},
        GROWING | {"max_norm": 1.0},
    ),
    Variant(
        "sharpness_aware", "sharpness_aware", sharpness_aware,
        r"w_t = w_{t-1} + \rho g_t / \|g_t\| \text{ at odd } t, \quad"
        r" w_t = w_{t-2} - r_t g_t \text{ at even } t",
        f"{FORET}, equation 3 around SGD; optax.contrib.sam, its own steps counted",
        {"o": "params"}, {"radius": 0.05},
    ),
)  # fmt: skip
