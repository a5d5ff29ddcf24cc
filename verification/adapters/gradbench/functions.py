"""The functions of GradBench's modules, each written down once more in JAX, and draws for them.

    hello ode lse det llsq gmm kmeans lstm ba

Hand tracking is in hand.py.  Source: the words of https://github.com/gradbench/gradbench (evals/),
which has most of them from ADBench and cmpad.
"""

import jax
import jax.numpy as jnp
import numpy as np

Rng = np.random.Generator


def square(x):
    """x^2."""
    return x * x


def log_sum_exp(x):
    """log sum exp x: the slope is softmax."""
    top = jax.lax.stop_gradient(jnp.max(x))
    return top + jnp.log(jnp.sum(jnp.exp(x - top)))


def determinant(A):
    """det A, expanded by minors of the first row."""
    n = A.shape[0]
    if n == 1:
        return A[0, 0]
    minor = lambda j: jnp.concatenate([A[1:, :j], A[1:, j + 1 :]], axis=1)
    return sum((-1) ** j * A[0, j] * determinant(minor(j)) for j in range(n))


def least_squares(x, n: int):
    """sum_i (s_i - sum_j x_j t_i^j)^2 / 2, t_i = -1 + 2 i / (n - 1), s = sign t."""
    t = -1 + jnp.arange(n).astype(x.dtype) * 2 / (n - 1)
    powers = [jnp.ones_like(t)]
    for _ in range(x.shape[0] - 1):
        powers.append(powers[-1] * t)
    return jnp.sum((jnp.sign(t) - jnp.stack(powers, 1) @ x) ** 2) / 2


def posterior(alpha, mu, q, l, x, m: int, gamma):
    """The logarithm of a Gaussian mixture's posterior, but for what does not depend on alpha .. l.

    -n lse(alpha) + sum_i lse_k(alpha_k - |Q_k (x_i - mu_k)|^2 / 2 + sum q_k)
        + m sum q - gamma^2 |Q|^2 / 2, with exp q on the diagonal of Q and l below it, by columns.
    """
    columns, rows = np.triu_indices(mu.shape[1], 1)
    diagonal = jnp.arange(mu.shape[1])
    lower = jnp.zeros((*mu.shape, mu.shape[1]), mu.dtype).at[:, rows, columns].set(l)
    factor = lower.at[:, diagonal, diagonal].set(jnp.exp(q))
    moved = jnp.einsum("kij,nkj->nki", factor, x[:, None, :] - mu[None])
    each = (alpha + jnp.sum(q, 1))[None] - jnp.sum(moved**2, 2) / 2
    likelihood = jnp.sum(jax.nn.logsumexp(each, axis=1)) - len(x) * jax.nn.logsumexp(alpha)
    return likelihood + m * jnp.sum(q) - gamma * gamma / 2 * jnp.sum(factor**2)


def newton(points, centroids):
    """A function whose slope is Newton's step of k-means, slope over curvature of the cost.

    sum_p |p - c|^2 / (2 size of c's cluster), c the nearest to p; the sizes do not move.
    """
    apart = jnp.sum((points[:, None, :] - centroids[None]) ** 2, axis=2)
    nearest = jnp.argmin(apart, 1)[:, None]
    belongs = (nearest == jnp.arange(len(centroids))[None]).astype(apart.dtype)
    return jnp.sum(apart * belongs / (2 * jnp.maximum(jnp.sum(belongs, 0), 1))[None])


def diagonal_lstm(main_params, extra_params, state, sequence):
    """-mean of y_t+1 (z_t - log(2 + sum exp z_t)) over an LSTM whose weights are diagonal.

    Two rows of each to a layer: weights and biases of the gates forget, in, out and change; hidden
    and cell.  extra_params: weights going in, weights and biases coming out.
    """
    width = sequence.shape[1]
    gates = main_params.reshape(-1, 2, 4, width)
    held = [(state[2 * k], state[2 * k + 1]) for k in range(len(gates))]
    into, out, bias = extra_params
    total = 0.0
    for given, wanted in zip(sequence[:-1], sequence[1:], strict=True):
        x = given * into
        for k, ((w, b), (hidden, cell)) in enumerate(zip(gates, held, strict=True)):
            sources = (x, hidden, x, hidden)
            pre = [s * wi + bi for s, wi, bi in zip(sources, w, b, strict=True)]
            forget, enter, leave = map(jax.nn.sigmoid, pre[:3])
            cell = cell * forget + enter * jnp.tanh(pre[3])
            x = leave * jnp.tanh(cell)
            held[k] = x, cell
        z = x * out + bias
        total = total + jnp.sum(wanted * (z - jnp.log(2 + jnp.sum(jnp.exp(z)))))
    return -total / ((len(sequence) - 1) * width)


def last_of_the_path(x, s: int):
    """y_n(2) of y_1' = x_1, y_i' = x_i y_i-1 from 0, in s steps of Runge-Kutta's fourth order."""
    slope = lambda y: x * jnp.concatenate([jnp.ones_like(y[:1]), y[:-1]])
    y, h = jnp.zeros_like(x), 2 / s
    for _ in range(s):
        k1 = slope(y)
        k2 = slope(y + h / 2 * k1)
        k3 = slope(y + h / 2 * k2)
        k4 = slope(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y[-1]


def reprojection(cam, x, w, feat):
    """(w (u - feat), 1 - w^2): a point seen by a camera, and Zach's error of the weight.

    cam: rotation (axis times angle) 3, center 3, focal length, principal point 2, distortion 2.
    u = f d(p) p + principal point, p the point R (x - c) over its depth, d = 1 + k1 r + k2 r^2.
    """
    rotation, center, focal, principal, radial = cam[:3], cam[3:6], cam[6], cam[7:9], cam[9:11]
    angle = jnp.sqrt(jnp.sum(rotation**2))
    axis, moved = rotation / angle, x - center
    turned = moved * jnp.cos(angle) + jnp.cross(axis, moved) * jnp.sin(angle)
    turned = turned + axis * jnp.sum(axis * moved) * (1 - jnp.cos(angle))
    seen = turned[:2] / turned[2]
    r = jnp.sum(seen**2)
    seen = seen * (1 + radial[0] * r + radial[1] * r**2)
    return jnp.append(w * (seen * focal + principal - feat), 1 - w * w)


# --- draws -------------------------------------------------------------------------------------


def of_gmm(rng: Rng, k: int = 2, d: int = 3, n: int = 3) -> tuple:
    corner = d * (d - 1) // 2
    independent = (rng.normal(size=k), *(rng.normal(size=(k, s)) for s in (d, d, corner)))
    return (*independent, rng.normal(size=(n, d)), int(rng.integers(0, 3)), 0.5 + rng.random())


def of_kmeans(rng: Rng) -> tuple:
    """Points about their own centroid, so that no cluster is empty."""
    centroids = 4.0 * np.array([[0, 0], [1, 0], [0, 1]]) + rng.normal(size=(3, 2)) / 4
    near = centroids[np.arange(7) % 3] + rng.normal(size=(7, 2)) / 2
    return near, centroids


def of_lstm(rng: Rng, layers: int = 2, width: int = 2, steps: int = 2) -> tuple:
    sizes = (2 * layers, 4 * width), (3, width), (2 * layers, width)
    letters = rng.integers(0, 2, size=(steps, width)).astype(float)
    return (*(rng.random(size) for size in sizes), letters)


def of_ba(rng: Rng) -> tuple:
    rotation, center = rng.normal(size=3) / 2, rng.normal(size=3)
    inside = [100 * (1 + rng.random()), *rng.normal(size=2), *(rng.normal(size=2) / 10)]
    point = center + rng.normal(size=3) / 4 + np.array([0.0, 0.0, 5.0])
    cam = np.array([*rotation, *center, *inside])
    return cam, point, 0.5 + rng.random(), rng.normal(size=2)
