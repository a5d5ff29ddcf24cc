"""The lines of the table: each has PyTorch's value, within the running bound, at a sample.

The comparison is the one that guards every trace; test_programs.py plants a wrong line and sees it.
"""

import jax
import numpy as np
import pytest

import verification as vf
from verification.adapters import torch_function
from verification.adapters.torch_programs import Program
from verification.adapters.torch_programs.aten_spectra import LARGEST, exponential
from verification.judgement.programs import unlike
from verification.oracles import ball
from verification.oracles.question import ask

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
F = torch.nn.functional


LSTM = torch.nn.LSTM(2, 3, num_layers=2, bidirectional=True).double()


def attention(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)


def ctc(x):
    log_probs = F.log_softmax(x, -1)
    targets = torch.tensor([[1, 2, 2], [2, 1, 1]])
    return F.ctc_loss(log_probs, targets, torch.tensor([7, 6]), torch.tensor([3, 2]))


def masked_in_place(x):
    mask = torch.zeros(3, 3, dtype=torch.bool)
    mask[0, 1:] = True
    mask[1:, 0].logical_not_()
    return x[mask & ~torch.eye(3, dtype=torch.bool)]


def bags(w):
    rows = torch.tensor([0, 2, 1, 1, 3])
    return F.embedding_bag(rows, w, torch.tensor([0, 2, 2]), mode="mean")


PROGRAMS = {
    "transposed, grouped, dilated": (
        lambda x, w: F.conv_transpose2d(
            x, w, stride=2, padding=1, output_padding=1, groups=2, dilation=2
        ),
        [(1, 4, 3, 3), (4, 2, 2, 2)],
    ),
    "convolution, grouped": (
        lambda x, w: F.conv2d(x, w, stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2),
        [(2, 4, 5, 5), (4, 2, 2, 2)],
    ),
    "average pool": (
        lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False),
        [(1, 2, 6, 5)],
    ),
    "average pool, padding counted": (
        lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True),
        [(1, 2, 6, 5)],
    ),
    "max pool": (
        lambda x: F.max_pool2d(x, 2, 2, 1, dilation=2, ceil_mode=True),
        [(1, 2, 6, 5)],
    ),
    "adaptive pools": (
        lambda x: (F.adaptive_avg_pool2d(x, (2, 3)), F.adaptive_max_pool1d(x[0], 3)),
        [(1, 2, 5, 7)],
    ),
    "bilinear": (lambda x: F.interpolate(x, size=(5, 4), mode="bilinear"), [(1, 1, 3, 3)]),
    "bicubic": (
        lambda x: F.interpolate(x, size=(5, 4), mode="bicubic", align_corners=True),
        [(1, 1, 4, 4)],
    ),
    "grid sample": (
        lambda x, g: F.grid_sample(x, torch.tanh(g), align_corners=False),
        [(1, 2, 3, 3), (1, 2, 2, 2)],
    ),
    "attention": (attention, [(1, 4, 3, 2), (1, 2, 3, 2), (1, 2, 3, 2)]),
    "lstm": (lambda x: LSTM(x)[0], [(3, 1, 2)]),
    "ctc": (ctc, [(7, 2, 4)]),
    "embedding bag": (bags, [(4, 3)]),
    "group norm": (lambda x, w: F.group_norm(x, 2, w), [(2, 4, 3), (4,)]),
    "index put": (
        lambda x, v: x.index_put((torch.tensor([0, 2, 0]),), v, accumulate=True),
        [(3, 2), (3, 2)],
    ),
    "scatter reduce": (
        lambda x, v: x.scatter_reduce(0, torch.tensor([0, 1, 0, 2]), v, "mean"),
        [(3,), (4,)],
    ),
    "mask": (lambda x: x[torch.tensor([True, False, True])], [(3, 2)]),
    "solve": (lambda a, b: torch.linalg.solve(a, b), [(3, 3), (3, 2)]),
    "determinant": (lambda a: torch.linalg.slogdet(a), [(4, 4)]),
    "factors": (lambda a: torch.linalg.cholesky(a @ a.T), [(3, 3)]),
    "orthogonal": (lambda a: torch.linalg.qr(a), [(4, 3)]),
    "eigenvalues": (lambda a: torch.linalg.eigvalsh(a + a.T), [(3, 3)]),
    "singular values": (
        lambda a: (torch.linalg.svdvals(a), torch.linalg.svd(a, full_matrices=False)[0].abs()),
        [(4, 3)],
    ),
    "of full rank": (
        lambda a, b: (torch.linalg.lstsq(a, b)[0], torch.linalg.pinv(a), torch.linalg.pinv(a.T)),
        [(4, 3), (4, 2)],
    ),
    "matrix exponential": (lambda a: torch.linalg.matrix_exp(a), [(3, 3)]),
    "lu": (
        lambda a, b: torch.linalg.lu_solve(*torch.linalg.lu_factor(a), b, adjoint=True),
        [(3, 3), (3, 2)],
    ),
    "reflections": (lambda a, t: torch.linalg.householder_product(a, t), [(4, 3), (3,)]),
    "spectrum": (lambda x: torch.fft.fft(x, norm="ortho").abs(), [(5,)]),
    "half a spectrum": (lambda x: torch.fft.irfft(torch.fft.rfft(x).conj() * 2, n=7), [(7,)]),
    "short spectra": (
        lambda x: torch.stft(
            x, 4, 2, window=torch.hann_window(4, dtype=x.dtype), return_complex=True
        ).abs(),
        [(8,)],
    ),
    "residuals": (lambda a, b: torch.linalg.lstsq(a, b, driver="gelsd"), [(4, 3), (4, 2)]),
    "lu, unpacked": (
        lambda a: torch.lu_unpack(*torch.linalg.lu_factor(a)),
        [(4, 3)],
    ),
    "reflected": (lambda a, t, b: torch.ormqr(a, t, b, transpose=True), [(4, 3), (3,), (4, 2)]),
    "strides written": (
        lambda x, v: torch.as_strided_scatter(x, v, (2, 2), (1, 2), 3),
        [(3, 3), (2, 2)],
    ),
    "strides of a transpose": (
        lambda x, v: torch.as_strided_scatter(x.mT, v, (2, 2), (1, 2), 1),
        [(3, 2), (2, 2)],
    ),
    "mantissa, sign": (lambda x, y: (torch.frexp(x)[0], torch.copysign(x, y)), [(5,), (5,)]),
    "samples": (lambda m, s: torch.normal(m, s.abs()), [(2, 3), (2, 3)]),
    "mask made in place": (masked_in_place, [(3, 3)]),
    "rounded inside": (lambda x: x.bfloat16().double() * x.float().double(), [(3,)]),
    "complex": (lambda x: torch.fft.fft(x).conj(), [(5,)]),
    "polar": (lambda r, a: torch.view_as_real(torch.polar(r, a)), [(3,), (3,)]),
    "distances": (lambda x, y: torch.cdist(x, y), [(3, 2), (2, 2)]),
    "orders": (lambda x: (x.sort(-1)[0], x.median(), x.cummax(0)[0], x.topk(2)[0]), [(3, 4)]),
    "dropout in another order": (lambda x: F.dropout(x.permute(2, 0, 1), 0.5), [(2, 3, 4)]),
    "cubic, its corners aligned": (
        lambda x: F.interpolate(x, scale_factor=1.5, mode="bicubic", align_corners=True),
        [(1, 2, 4, 3)],
    ),
    "smoothed before": (
        lambda x: F.interpolate(x, size=(3, 2), mode="bilinear", antialias=True),
        [(1, 2, 6, 5)],
    ),
    "pools at random places": (
        lambda x: F.fractional_max_pool2d(x, (2, 3), (3, 2), return_indices=True)[0],
        [(2, 2, 7, 6)],
    ),
    "pools at random places, volumes": (
        lambda x: F.fractional_max_pool3d(x, 2, (2, 3, 2)),
        [(2, 4, 5, 4)],
    ),
    "margins": (
        lambda x: F.multilabel_margin_loss(
            x, torch.tensor([[2, 0, -1], [1, -1, 0]]), reduction="none"
        ),
        [(2, 3)],
    ),
    "rows made shorter": (
        lambda w: F.embedding(torch.tensor([0, 2, 0]), 1.0 * w, max_norm=0.5),
        [(3, 4)],
    ),
    "moments": (lambda x: (x.std(), x.var(0, keepdim=True), x.norm(dim=1)), [(3, 4)]),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_trace_has_pytorchs_value(name):
    of, shapes = PROGRAMS[name]
    rng = np.random.default_rng(0)
    point, known = tuple(rng.normal(size=s) for s in shapes), Program(of, of)

    with jax.enable_x64(True):
        jax.make_jaxpr(known)(*point)
    assert unlike(known, point) == ""


def test_a_norm_beyond_the_series_of_the_exponential_is_no_number():
    whole = exponential(np.diag([LARGEST, 0.0]))

    assert np.isfinite(whole).all() and np.isnan(exponential(np.diag([LARGEST + 1.0, 0.0]))).all()


def test_paths_of_ctc_that_are_equally_likely_are_no_kink():
    lengths = torch.tensor([4]), torch.tensor([2])
    of = lambda x: F.ctc_loss(x.log_softmax(-1), torch.tensor([[2, 2]]), *lengths)
    with jax.enable_x64(True):
        question = ask(Program(of, of), (np.random.default_rng(0).normal(size=(4, 1, 3)),))
    (found,) = ball.gradient(question)
    assert found.rad.max() < 2.0**-90


@pytest.mark.parametrize("scaled, verdict", [(True, "correct"), (False, "wrong")])
def test_slopes_are_divided_by_how_often_a_row_is_looked_up_where_pytorch_says_so(scaled, verdict):
    rows = torch.tensor([[0, 1, 1], [1, 2, 0]])
    of = lambda w, scale=True: torch.tanh(F.embedding(rows, w, scale_grad_by_freq=scale))
    own = torch_function.derivative(lambda w: of(w, scaled))
    found = vf.validate(own, of, lambda rng: (rng.normal(size=(4, 2)),), cases=2, edges="none")
    assert (found.verdict, found.oracle) == (verdict, "ball"), str(found)


@pytest.mark.parametrize("reduce, verdict", [("prod", "correct"), ("mean", "wrong")])
def test_a_product_of_what_lands_at_one_place_is_proven(reduce, verdict):
    places = torch.tensor([0, 1, 1, 0])
    of = lambda x, s, kind="prod": torch.scatter_reduce(x, 0, places, s, kind)
    own = torch_function.derivative(lambda x, s: of(x, s, reduce))
    draw = lambda rng: (rng.normal(size=3), rng.normal(size=4))
    found = vf.validate(own, of, draw, argnums=(0, 1), cases=2, edges="none")
    assert (found.verdict, found.oracle) == (verdict, "ball"), str(found)
