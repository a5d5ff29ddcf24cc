"""The named operations that update rules are made of; whoever mistakes one mistakes it everywhere.

The numbers handed in bring operators and sqrt, absolute, sign, larger, power, exceeds, ratio,
cosine, mix, shrunk, leaf_sum, total, and spelled: a number beside another way to compute it.
"""

from typing import Any


class Operations:
    """One mathematical operation, one line.  A fault is a subclass with another line."""

    def __init__(self, numbers: Any):
        self.n = numbers

    def square(self, g):
        return g * g

    def mean(self, beta, old, g):
        """beta old + (1 - beta) g."""
        return self.n.mix(beta, old, g)

    def mean_square(self, beta, old, g):
        """beta old + (1 - beta) g^2."""
        return self.n.mix(beta, old, self.square(g))

    def unbiased(self, m, beta, t):
        """m / (1 - beta^t)."""
        return m / (1 - beta**t)

    def unbiased_square(self, v, beta, t):
        """v / (1 - beta^t)."""
        return v / (1 - beta**t)

    def outside(self, v, eps):
        """sqrt v + eps."""
        return self.n.sqrt(v) + eps

    def inside(self, v, eps):
        """sqrt(v + eps)."""
        return self.n.sqrt(v + eps)

    def velocity(self, decay, v, g):
        """decay v + g."""
        return decay * v + g

    def added(self, s, g, t):
        """s + g^2; t is there for who would take the mean."""
        return s + self.square(g)

    def sign(self, x):
        return self.n.sign(x)

    def maximum(self, x, y):
        return self.n.larger(x, y)

    def norm(self, x):
        """The Euclidean norm of each leaf, at every entry of it."""
        return self.n.sqrt(self.n.leaf_sum(x * x))

    def global_norm(self, x):
        """The Euclidean norm of all leaves together."""
        return self.n.sqrt(self.n.total(x * x))

    def decayed(self, w, by):
        """w - by w."""
        return self.n.shrunk(w, by)
