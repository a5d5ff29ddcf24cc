"""Ten autograd.Functions, each with a right and a wrong backward of one forward."""

import numpy as np
import torch


def function(forward, right, wrong):
    """Two Functions of the tensors: backward(d, *inputs)."""

    def made(backward):
        class Rule(torch.autograd.Function):
            @staticmethod
            def forward(ctx, *inputs):
                ctx.save_for_backward(*inputs)
                return forward(*inputs)

            @staticmethod
            def backward(ctx, d):
                return backward(d, *ctx.saved_tensors)

        return Rule

    return made(right), made(wrong)


def normal(*shapes):
    return lambda rng: tuple(rng.normal(size=shape) for shape in shapes)


def pulled(forward):
    """The right backward, by autograd of the forward itself."""

    def backward(d, *inputs):
        with torch.enable_grad():
            leaves = [x.detach().requires_grad_() if x.is_floating_point() else x for x in inputs]
            wanted = [x for x in leaves if x.requires_grad]
            found = iter(torch.autograd.grad(forward(*leaves), wanted, d))
        return tuple(next(found) if x.requires_grad else None for x in leaves)

    return backward


# --- a fused norm: what comes back through the mean square is forgotten ---------------------------


def rms_norm(x, w):
    scale = torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5)
    return x * scale * w


def without_the_mean(d, x, w):
    scale = torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5)
    return d * w * scale, (d * x * scale).sum(0)


# --- rotary embedding: rotated on, not back -------------------------------------------------------


def rotate(x, angle):
    a, b = x.chunk(2, -1)
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1)


def rotated_on(d, x, angle):
    return rotate(d, angle), pulled(rotate)(d, x, angle)[1]


# --- cross-entropy written over its logits: summed, not averaged ----------------------------------


def cross_entropy(z, labels):
    return torch.nn.functional.cross_entropy(z, labels)


def in_place(d, z, labels):
    p = torch.softmax(z, -1)
    p[torch.arange(len(p)), labels] -= 1.0
    return d * p, None


# --- SwiGLU: the slope of silu is taken for sigmoid -----------------------------------------------


def swiglu(x, gate):
    return x * torch.nn.functional.silu(gate)


def sigmoid_for_slope(d, x, gate):
    return d * torch.nn.functional.silu(gate), d * x * torch.sigmoid(gate)


# --- attention weights: the sum over a row is forgotten -------------------------------------------


def weights(s):
    return torch.softmax(s / 2.0, -1)


def diagonal_alone(d, s):
    a = weights(s)
    return d * a * (1.0 - a) / 2.0


# --- group query attention: averaged over the heads of a group ------------------------------------


def grouped_scores(q, k):
    return q @ k.repeat_interleave(2, 0).mT


def averaged_heads(d, q, k):
    keys = pulled(grouped_scores)(0.5 * d, q, k)[1]
    return pulled(grouped_scores)(d, q, k)[0], keys


# --- mixture of experts: what comes back to the gate lacks the softmax ----------------------------


def mixture(gate, values):
    return (torch.softmax(gate, -1)[..., None] * values).sum(-2)


def gate_alone(d, gate, values):
    above = (d[..., None, :] * values).sum(-1)
    return torch.softmax(gate, -1) * above, pulled(mixture)(d, gate, values)[1]


# --- weight norm: the direction is not projected --------------------------------------------------


def weight_norm(v, g):
    return v * (g / v.norm())


def not_projected(d, v, g):
    return d * g / v.norm(), (d * v).sum() / v.norm()


# --- layer norm: the second mean is forgotten -----------------------------------------------------


def layer_norm(x):
    h = x - x.mean(-1, keepdim=True)
    return h / torch.sqrt(h.square().mean(-1, keepdim=True) + 1e-5)


def one_mean(d, x):
    h = layer_norm(x)
    scale = torch.sqrt(x.var(-1, unbiased=False, keepdim=True) + 1e-5)
    return (d - h * (d * h).mean(-1, keepdim=True)) / scale


# --- log sum exp: a factor ----------------------------------------------------------------------


def energy(x):
    return 0.5 * torch.logsumexp(2.0 * x, -1)


def doubled(d, x):
    return d[..., None] * 2.0 * torch.softmax(2.0 * x, -1)


def labelled(rng):
    return rng.normal(size=(3, 4)), rng.integers(0, 4, 3)


def positive(rng):
    return rng.normal(size=(3, 2)), np.asarray(rng.uniform(0.5, 2.0))


FUNCTIONS = {
    "fused norm": (rms_norm, without_the_mean, normal((3, 4), (4,)), (0, 1)),
    "rotary": (rotate, rotated_on, normal((2, 4), (2,)), 0),
    "cross-entropy in place": (cross_entropy, in_place, labelled, 0),
    "swiglu": (swiglu, sigmoid_for_slope, normal((4,), (4,)), (0, 1)),
    "attention weights": (weights, diagonal_alone, normal((3, 3)), 0),
    "grouped queries": (grouped_scores, averaged_heads, normal((4, 2, 2), (2, 3, 2)), (0, 1)),
    "mixture of experts": (mixture, gate_alone, normal((2, 3), (2, 3, 2)), (0, 1)),
    "weight norm": (weight_norm, not_projected, positive, (0, 1)),
    "layer norm": (layer_norm, one_mean, normal((2, 4)), 0),
    "log sum exp": (energy, doubled, normal((2, 3)), 0),
}
