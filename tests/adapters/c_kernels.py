"""Kernels as C, Fortran and their like declare them, each with a slip; and how each is called."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp


class Kernel(NamedTuple):
    """A function of C beside the function of which it is the gradient."""

    text: str
    slip: tuple[str, str]  # what is written, and what is written by mistake
    said: dict[str, Any]  # how it is called: options of c_library.function
    of: Callable
    args: Callable
    argnums: Any = 0
    dtype: str = "float64"
    before: Callable | None = None  # what the kernel is called with, of what the gradient is


NAME = "kernel"  # what each function is called in its text
normal = lambda *shapes: lambda rng: tuple(rng.normal(size=shape) for shape in shapes)


def cross_entropy(logits, labels):
    rows = jax.nn.logsumexp(logits, axis=-1)
    return jnp.mean(rows - jnp.take_along_axis(logits, labels[:, None], -1)[:, 0])


def dense(x, w, b):
    return jnp.einsum("bti,oi->bto", x, w) + b[None, None, :]


def labelled(rng):
    return rng.normal(size=(4, 3)), rng.integers(0, 3, size=4)


KERNELS = {
    "softmax, in place": Kernel(
        """void kernel(float *d, const float *y, int rows, int cols) {
            for (int r = 0; r < rows; r++, d += cols, y += cols) {
                double sum = 0;
                for (int c = 0; c < cols; c++) sum += (double)d[c] * y[c];
                for (int c = 0; c < cols; c++) d[c] = y[c] * (d[c] - sum);
            }
        }""",
        ("(d[c] - sum)", "d[c]"),
        {"shapes": {"d": "rows, cols", "y": "rows, cols"}, "inputs": ["y", "d"]},
        lambda z: jax.nn.softmax(z, axis=-1),
        normal((3, 4)),
        dtype="float32",
        before=lambda z, d: (jax.nn.softmax(z, axis=-1), d),
    ),
    "labels of 64 bits": Kernel(
        """int kernel(int64_t n, int64_t k, const float *logits, const int64_t *labels, float *d) {
            for (int64_t r = 0; r < n; r++) {
                const float *z = logits + r * k;
                double top = z[0], sum = 0;
                for (int64_t c = 1; c < k; c++) top = z[c] > top ? z[c] : top;
                for (int64_t c = 0; c < k; c++) sum += exp(z[c] - top);
                if (labels[r] < 0 || labels[r] >= k) return 1;
                for (int64_t c = 0; c < k; c++) {
                    double p = exp(z[c] - top) / sum, others = 0;
                    for (int64_t o = 0; o < k; o++) if (o != c) others += exp(z[o] - top) / sum;
                    d[r * k + c] = (c == labels[r] ? -others : p) / n;
                }
            }
            return 0;
        }""",
        ("c == labels[r]", "c == labels[0]"),
        {"shapes": {"logits": "n, k", "labels": "n", "d": "n, k"}},
        cross_entropy,
        labelled,
        dtype="float32",
    ),
    "B, T, C, OC: summed into": Kernel(
        """void kernel(float *dinp, float *dweight, float *dbias, const float *dout,
                const float *inp, const float *weight, int B, int T, int C, int OC) {
            for (int bt = 0; bt < B * T; bt++)
                for (int o = 0; o < OC; o++) {
                    float d = dout[bt * OC + o];
                    dbias[o] += d;
                    for (int i = 0; i < C; i++) {
                        dinp[bt * C + i] += d * weight[o * C + i];
                        dweight[o * C + i] += d * inp[bt * C + i];
                    }
                }
        }""",
        ("weight[o * C + i]", "weight[i * OC + o]"),
        {
            "shapes": {
                "dinp": "B, T, C",
                "dweight": "OC, C",
                "dbias": "OC",
                "dout": "B, T, OC",
                "inp": "B, T, C",
                "weight": "OC, C",
            },
            "inputs": ["inp", "weight", None, "dout"],
            "zeroed": True,
        },
        dense,
        normal((2, 3, 4), (5, 4), 5),
        argnums=(0, 1, 2),
        dtype="float32",
    ),
    "3 * C": Kernel(
        """void kernel(float *dx, const float dq[], const float dk[], const float dv[],
                const float *x, int B, int T, int C) {
            for (int bt = 0; bt < B * T; bt++)
                for (int c = 0; c < C; c++) {
                    float *d = dx + bt * 3 * C + c;
                    const float *z = x + bt * 3 * C + c;
                    (void)dq; (void)dk;
                    d[0] = dv[bt * C + c] * z[C] * z[2 * C];
                    d[C] = dv[bt * C + c] * z[0] * z[2 * C];
                    d[2 * C] = dv[bt * C + c] * z[0] * z[C];
                }
        }""",
        ("* z[0] * z[C];", "* z[0];"),
        {
            "shapes": {"dx": ("B", "T", "3 * C"), "x": ("B", "T", "3 * C"), "dv": "B, T, C"},
            "constants": {"dq": None, "dk": None},
            "inputs": ["x", "dv"],
        },
        lambda x: x[..., :2] * x[..., 2:4] * x[..., 4:],
        normal((2, 3, 6)),
        dtype="float32",
    ),
    "Fortran, by reference": Kernel(
        """void kernel(const int *m, const int *n, const double *alpha, const double *a,
                const int *lda, const double *x, const double *dy, double *da, double *dx) {
            for (int j = 0; j < *n; j++) {
                double sum = 0;
                for (int i = 0; i < *m; i++) {
                    sum += a[i + j * *lda] * dy[i];
                    da[i + j * *lda] = *alpha * dy[i] * x[j];
                }
                dx[j] = *alpha * sum;
            }
        }""",
        ("a[i + j * *lda] * dy", "a[j + i * *n] * dy"),
        {
            "shapes": {"a": "m, n", "x": "n", "dy": "m", "da": "m, n", "dx": "n"},
            "sizes": {"lda": "m"},
            "constants": {"alpha": 0.5},
            "order": "F",
        },
        lambda a, x: 0.5 * (a @ x),
        normal((4, 3), 3),
        argnums=(0, 1),
    ),
    "a pointer to each row": Kernel(
        """void kernel(double **x, double **dy, double **dx, int n, int m) {
            for (int i = 0; i < n; i++)
                for (int j = 0; j < m; j++) {
                    double y = tanh(x[i][j]), c = cosh(x[i][j]);
                    (void)y;
                    dx[i][j] = dy[i][j] / c / c;
                }
        }""",
        ("dy[i][j] / c / c", "dy[i][j] / c"),
        {
            "shapes": {"x": "n, m", "dy": "n, m", "dx": "n, m"},
            "inputs": ["x", "dy"],
            "outputs": ["dx"],
        },
        jnp.tanh,
        normal((3, 2)),
    ),
    "a value that is returned": Kernel(
        """double kernel(const double *p, const double *t, double *dp, double *loss, size_t n) {
            double sum = 0;
            for (size_t k = 0; k < n; k++) {
                sum += (p[k] - t[k]) * (p[k] - t[k]);
                dp[k] = 2 * (p[k] - t[k]) / n;
            }
            *loss = sum;
            return sum / n;
        }""",
        ("/ n;\n            }", "/ (n - 1);\n            }"),
        {"shapes": {"p": "n", "t": "n", "dp": "n"}, "outputs": ["dp"]},
        lambda p, t: jnp.mean((p - t) ** 2),
        normal(5, 5),
    ),
    "bytes and strides": Kernel(
        """void kernel(const char *x, ptrdiff_t step, const void *d, char *out, ptrdiff_t n) {
            for (ptrdiff_t k = 0; k < n; k++) {
                double z = *(const double *)(x + k * step);
                ((double *)out)[k] = z > 0 ? ((const double *)d)[k] : 0;
            }
        }""",
        ("z > 0", "z < 0"),
        {
            "types": {"x": "double", "d": "double", "out": "double"},
            "shapes": {"x": "n", "d": "n", "out": "n"},
            "sizes": {"step": "8 * n / n"},
        },
        jax.nn.relu,
        normal(6),
    ),
    "a mask, a label and a size that is given": Kernel(
        """void kernel(const float *x, const uint8_t *keep, int which, float rate, unsigned n,
                const float *dy, float *dx) {
            for (unsigned k = 0; k < n; k++)
                dx[k] = keep[k] ? dy[k] / (1 - rate) * (which == 1) : 0;
        }""",
        ("/ (1 - rate)", ""),
        {
            "shapes": {"x": "n", "keep": "n", "dy": "n", "dx": "n"},
            "constants": {"which": 1, "rate": 0.5},
        },
        lambda x, keep: jnp.where(keep, x / 0.5, 0),
        lambda rng: (rng.normal(size=6), rng.random(6) < 0.7),
        dtype="float32",
    ),
    "scratch, and rows and columns": Kernel(
        """void kernel(const double *x, const double *w, const double *dy, double *room, double *dw,
                double *dx, int n, int m, int k) {
            for (int i = 0; i < n * k; i++) room[i] += dy[i];
            for (int i = 0; i < m; i++)
                for (int o = 0; o < k; o++) {
                    double sum = 0;
                    for (int r = 0; r < n; r++) sum += x[r * m + i] * room[r * k + o];
                    dw[i + o * m] = sum;
                }
            for (int r = 0; r < n; r++)
                for (int i = 0; i < m; i++) {
                    double sum = 0;
                    for (int o = 0; o < k; o++) sum += room[r * k + o] * w[i + o * m];
                    dx[r * m + i] = sum;
                }
        }""",
        ("w[i + o * m]", "w[o + i * k]"),
        {
            "shapes": {
                "x": "n, m",
                "w": "m, k",
                "dy": "n, k",
                "room": "n, k",
                "dw": "m, k",
                "dx": "n, m",
            },
            "outputs": ["dx", "dw"],
            "order": {"w": "F", "dw": "F"},
        },
        lambda x, w: x @ w,
        normal((4, 3), (3, 2)),
        argnums=(0, 1),
    ),
}
SOURCE = "#include <math.h>\n#include <stddef.h>\n#include <stdint.h>\n"
for number, each in enumerate(KERNELS.values()):
    twin = each.text.replace(*each.slip)
    SOURCE += each.text.replace(NAME, f"right_{number}", 1) + "\n"
    SOURCE += twin.replace(NAME, f"slip_{number}", 1) + "\n"


def declaration(kernel: Kernel, name: str) -> str:
    """Its line, as a header has it."""
    return kernel.text.partition("{")[0].replace(NAME, name, 1)
