"""A C function is judged as any gradient is; what crashes, hangs or writes astray is rejected."""

import base64
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import verification as vf
from verification.adapters import c_library
from verification.adapters.c_layout import layout
from verification.adapters.c_library import CallFailed
from verification.adapters.c_signature import signature_of
from verification.adapters.limits import Limits

SOURCE = Path(__file__).resolve().parents[2] / "examples" / "c_library" / "dense.c"
DENSE = """void dense_backward(size_t n, size_t m, size_t k,
    const float x[n][m], const float w[m][k], const float b[k], const float dy[n][k],
    float dx[n][m], float dw[m][k], float db[k]);"""
NARROW = "float t = sum + (SUM)x[r * m + i] * dy[r * k + o]; *(unsigned *)&t &= ~0xffffu; sum = t;"
LIMITS = Limits(seconds=5.0)

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler"),
]


def compiled(folder, text, *flags):
    (folder / "kernel.c").write_text(text)
    words = ["cc", "-O1", "-w", "-shared", "-fPIC", *flags, "-o", "kernel.so", "kernel.c"]
    subprocess.run(words, check=True, timeout=60, cwd=folder)
    return folder / "kernel.so"


def dense(x, w, b):
    return x @ w + b[None, :]


def sample(rng):
    return rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=4)


def judged(library, signature=DENSE, dtype="float32", limits=LIMITS):
    gradient = c_library.function(library, signature, limits=limits)
    try:
        return vf.validate(gradient, of=dense, args=sample, argnums=(0, 1, 2), dtype=dtype, cases=2)
    finally:
        gradient.close()


def test_the_kernel_is_correct(tmp_path):
    finding = judged(compiled(tmp_path, SOURCE.read_text()))
    assert finding.verdict == "correct", finding
    assert finding.name == "kernel.so:dense_backward"


TWINS = {  # the mistake -> what is written for what
    "stride of w": ("w[i * k + o]", "w[o * m + i]"),
    "stride of x": ("x[r * m + i]", "x[r * k + i]"),
    "rows for columns": ("dw[i * k + o] =", "dw[o * m + i] ="),
    "overwritten, not accumulated": ("sum += (SUM)x", "sum = (SUM)x"),
    "the first row left out": (
        "size_t r = 0; r < n; r++) sum += dy",
        "size_t r = 1; r < n; r++) sum += dy",
    ),
    "the last column left out": ("o < k; o++) sum", "o + 1 < k; o++) sum"),
    "bias averaged": ("db[o] = (REAL)sum", "db[o] = (REAL)(sum / n)"),
    "sign": ("dx[r * m + i] = (REAL)sum", "dx[r * m + i] = (REAL)-sum"),
    "the layer's input for what arrives": ("(SUM)dy[r * k + o] * w", "(SUM)x[r * m + i] * w"),
    "no cotangent": ("(SUM)x[r * m + i] * dy[r * k + o]", "(SUM)x[r * m + i]"),
}
EIGHT_BITS = ("sum += (SUM)x[r * m + i] * dy[r * k + o];", f"{{ {NARROW} }}")
HOSTILE = {  # the same, and what is said
    "one row too many": ("r < n; r++) /* dx", "r <= n; r++) /* dx", "it wrote beyond dx"),
    "writes into its input": ("db[o] = (REAL)sum", "((REAL *)b)[o] = db[o] = sum", "it changed b"),
    "leaves an entry unwritten": (
        "size_t i = 0; i < m; i++) {",
        "size_t i = 1; i < m; i++) {",
        "is nan",
    ),
    "crashes": ("(void)b;", "*(volatile int *)0 = 1;", "killed by SIGSEGV"),
    "ends the process": (
        "(void)b;",
        "extern void _exit(int); _exit(3);",
        "ended with exit status 3",
    ),
    "hangs": ("(void)b;", "for (volatile int i = 0; i < 9; i = 0);", "gave no answer within"),
}


@pytest.mark.parametrize("mistake", TWINS)
def test_a_wrong_twin_is_caught(mistake, tmp_path):
    old, new = TWINS[mistake]
    text = SOURCE.read_text()
    assert old in text
    finding = judged(compiled(tmp_path, text.replace(old, new)))
    allowed = ("wrong", "rejected") if mistake == "stride of x" else ("wrong",)  # it reads beyond
    assert finding.verdict in allowed, finding


@pytest.mark.parametrize("mistake", HOSTILE)
def test_a_hostile_twin_is_rejected(mistake, tmp_path):
    old, new, said = HOSTILE[mistake]
    text = SOURCE.read_text()
    assert old in text
    limits = Limits(seconds=0.5) if mistake == "hangs" else LIMITS
    finding = judged(compiled(tmp_path, text.replace(old, new)), limits=limits)
    assert finding.verdict == "rejected", finding
    assert said in finding.reason


def test_sums_in_eight_bits_are_no_right_kernel(tmp_path):
    """Lost digits, as many as a mistake might have: it is never said to be correct."""
    finding = judged(compiled(tmp_path, SOURCE.read_text().replace(*EIGHT_BITS)))
    assert finding.verdict in ("undecided", "inaccurate", "wrong"), finding
    assert finding.worst.budgets > 1.0


@pytest.mark.parametrize(("sums", "verdict"), [("double", "correct"), ("float", "inaccurate")])
def test_sums_in_float_are_seen_in_a_double_kernel(sums, verdict, tmp_path):
    library = compiled(tmp_path, SOURCE.read_text(), "-DREAL=double", f"-DSUM={sums}")
    finding = judged(library, DENSE.replace("float", "double"), "float64")
    assert finding.verdict == verdict, finding


ODD = """
int half(int n, float s, const float *t, const float x[], float y[], float *z) {
    if (n > 3) return 7;
    for (int k = 0; k < n; k++) y[k] += s * *t * x[k] / 2;
    *z = y[0];
    return 0;
}"""
HALF = "int half(int n, float s, const float *t, const float x[n], float y[n], float *z)"


def test_numbers_pointers_and_a_status(tmp_path):
    library = compiled(tmp_path, ODD)
    f = c_library.function(library, HALF, zeroed=True)
    x = np.arange(1.0, 7.0, dtype=np.float32)[::2]  # not contiguous
    y, z = f(np.float32(3.0), {"t": np.float32(0.5)}, x)
    np.testing.assert_array_equal(y, 0.75 * x)
    assert y.dtype == np.float32 and z.shape == () and z == y[0]
    with pytest.raises(CallFailed, match="returned the status 7"):
        f(np.float32(1.0), np.float32(1.0), np.zeros(4, np.float32))
    with pytest.raises(TypeError, match="x is float64; float32 is declared"):
        f(np.float32(1.0), np.float32(1.0), np.zeros(3))
    with pytest.raises(ValueError, match=r"x has shape \(2, 2\); \[n\] is declared"):
        f(np.float32(1.0), np.float32(1.0), np.zeros((2, 2), np.float32))
    with pytest.raises(TypeError, match="1 arrays were given; 3 are declared: s, t, x"):
        f(np.float32(1.0))
    with pytest.raises(ValueError, match="t has shape .* a number is declared; say its shape"):
        f(np.float32(1.0), np.zeros(3, np.float32), np.zeros(3, np.float32))
    unwritten, _ = c_library.function(library, HALF)(np.float32(1.0), np.float32(1.0), x)
    assert np.isnan(unwritten).all()


def test_a_library_or_a_function_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such library"):
        c_library.function(tmp_path / "none.so", HALF)
    library = compiled(tmp_path, ODD)
    one = np.float32(1.0)
    with pytest.raises(CallFailed, match="undefined symbol: third"):
        c_library.function(library, HALF.replace("half", "third"))(one, one, one[None])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("half", "write it as in a header"),
        ("quad half(float *y)", "write it as in a header"),
        (
            "void half(int n, quad x[n], float y[n])",
            "'quad x\\[n\\]' cannot be read; types are float",
        ),
        ("void half(const float x[n], float y[n])", "the size 'n' is not declared; add"),
        ("void half(int n, const float x[n])", "there is no output"),
        ("void half(int n, int m, const float x[n], float y[m])", "'m' is in the shape of"),
    ],
)
def test_a_signature_that_cannot_be_read_is_a_sentence(text, said):
    with pytest.raises(ValueError, match=said):
        read(text)


def read(text):
    return layout(signature_of(text), {}, {}, {}, None, None, {}, "C", False)


def test_integers_are_passed_in_the_declared_type_where_they_fit():
    found = read("void take(size_t n, const uint8_t rows[n], const double x[n], double dx[n])")
    message, _ = found.said([np.array([1, 255]), np.zeros(2)])
    assert base64.b64decode(message[1]["data"]) == b"\x01\xff"
    with pytest.raises(TypeError, match="rows has numbers that uint8_t does not hold"):
        found.said([np.array([1, 256]), np.zeros(2)])
    with pytest.raises(TypeError, match="rows is float64; uint8 is declared"):
        found.said([np.array([1.0, 2.0]), np.zeros(2)])


SOLVED = {
    "a multiple": ("x[3 * c]", (6,), 2),
    "a sum": ("x[2 * c + 1]", (7,), 3),
    "a half": ("x[c / 2][c]", (2, 4), 4),
}


@pytest.mark.parametrize("name", SOLVED)
def test_a_size_is_found_from_what_is_made_of_it(name):
    shape, given, c = SOLVED[name]
    found = read(f"void take(size_t c, const double {shape}, double dx[c])")
    message, shapes = found.said([np.zeros(given)])
    assert message[0] == c and shapes["dx"] == (c,)
    if name != "a half":
        with pytest.raises(ValueError, match=r"x has shape .* is not whole there"):
            found.said([np.zeros((given[0] + 1,))])


def test_shapes_must_agree(tmp_path):
    gradient = c_library.function(compiled(tmp_path, SOURCE.read_text()), DENSE)
    x, w, b = (np.zeros(s, np.float32) for s in ((5, 3), (2, 4), 4))
    with pytest.raises(ValueError, match=r"w has shape \(2, 4\); m is 3 there"):
        gradient(x, w, b, np.zeros((5, 4), np.float32))


def test_a_constant_may_be_a_letter_and_any_number_may_be_returned():
    said = "long f(char trans, const double *x, int n, double *dx)"
    shapes = {"x": "n", "dx": "n"}
    ask = lambda trans: layout(
        signature_of(said), shapes, {}, {}, None, None, {"trans": trans}, "C", False
    )
    assert ask("N").said([np.ones(3)])[0][0] == ord("N")
    with pytest.raises(ValueError, match="trans is 'NO'"):
        ask("NO")
