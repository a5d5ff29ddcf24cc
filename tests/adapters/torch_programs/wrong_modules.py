"""Ten modules whose values are right and whose gradients are not: something in them is cut off."""

import torch
from torch import nn


def kept(x):
    return x


def cut(x):
    return x.detach()


class Block(nn.Module):
    """`keep` is where the wrong twin detaches."""

    def __init__(self, keep=kept):
        super().__init__()
        self.keep = keep
        self.w = nn.Parameter(torch.randn(3, 3, dtype=torch.float64))
        self.v = nn.Parameter(torch.randn(3, 3, dtype=torch.float64))


class FusedNorm(Block):
    def forward(self, x):
        h = x @ self.w
        return h * self.keep(torch.rsqrt(h.square().mean(-1, keepdim=True) + 1e-5))


class Rotary(Block):
    def forward(self, x):
        a, b = x @ self.w, x @ self.v
        return torch.cat([a * x.cos() - self.keep(b * x.sin()), a * x.sin() + b * x.cos()], -1)


class CrossEntropy(Block):
    def forward(self, x):
        z = x @ self.w
        return -(z[:, 0] - self.keep(torch.logsumexp(z, -1))).mean()


class SwiGLU(Block):
    def forward(self, x):
        return (x @ self.w) * self.keep(nn.functional.silu(x @ self.v))


class Mixture(Block):
    def forward(self, x):
        gate = self.keep(torch.softmax(x @ self.w, -1))
        return gate[..., None] * torch.tanh(x @ self.v)[..., None, :]


class GroupedQueries(Block):
    def forward(self, x):
        q, k = (x @ self.w).unsqueeze(0), (x @ self.v).unsqueeze(0)
        k = torch.cat([k, self.keep(k)])
        return torch.softmax(q @ k.mT, -1)


class Dropout(Block):
    """The mask is the held one; its wrong twin loses what it lets through."""

    def forward(self, x):
        h = nn.functional.dropout(x @ self.w, 0.5)
        return h + self.keep(torch.tanh(h @ self.v))


class WeightNorm(Block):
    def forward(self, x):
        return x @ (self.w / self.keep(self.w.norm(dim=0))) + x @ self.v


class StraightThrough(Block):
    """Right: rounding has slope 1, by what is detached; wrong: the whole of it is."""

    def forward(self, x):
        h = x @ self.w
        return self.keep(h + (torch.round(h) - h).detach()) + torch.sin(x @ self.v)


class Again(torch.autograd.Function):
    """A checkpoint: the block is run again on the way back, with other random numbers if lost."""

    @staticmethod
    def forward(ctx, x, w, lost):
        ctx.save_for_backward(x, w)
        ctx.lost, ctx.state = lost, torch.get_rng_state()
        return torch.tanh(nn.functional.dropout(x @ w, 0.5))

    @staticmethod
    def backward(ctx, d):
        x, w = (t.detach().requires_grad_() for t in ctx.saved_tensors)
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.set_rng_state(ctx.state)
            if ctx.lost:
                torch.rand(3)
            out = torch.tanh(nn.functional.dropout(x @ w, 0.5))
        return (*torch.autograd.grad(out, (x, w), d), None)


class Checkpoint(Block):
    def forward(self, x):
        return Again.apply(x, self.w, self.keep is cut) @ self.v


MODULES = {
    kind.__name__: kind
    for kind in (
        *(FusedNorm, Rotary, CrossEntropy, SwiGLU, Mixture),
        *(GroupedQueries, Dropout, WeightNorm, StraightThrough, Checkpoint),
    )
}
