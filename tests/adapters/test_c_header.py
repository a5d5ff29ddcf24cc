"""A declaration is read from its header: structs of sizes and of arrays, enums, typedefs."""

import shutil
import subprocess

import numpy as np
import pytest

import verification as vf
from verification.adapters import c_header, c_library

pytest.importorskip("pycparser")
pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler"),
]
HEADER = """
#ifndef LAYER_H
#define LAYER_H
#include <stddef.h>
#include <stdint.h>
#include "real.h"
#ifdef __cplusplus
extern "C" {
#endif
#define SLOPES 2
#define API __attribute__((visibility("default")))
typedef enum { LINEAR, RELU = 4, LEAKY } activation;
struct node;
typedef struct {
    int batch, in, out;
    activation act;
    real slope[SLOPES];
    struct node *next;
} sizes;
typedef struct layer {
    sizes size;
    const real *restrict weight;
    real *dweight, *delta;
    void (*forward)(struct layer *);
    char name[16];
} layer;
/* y = slope * (x w), and nothing else */
API int layer_backward(const sizes *size, const real *x, const real w[], const real *dy, real *dx,
                       real *dw);
API void struct_backward(layer l, const real *x, real *dx);
enum order { ROWS = 101, COLUMNS };
API void scaled(enum order order, int64_t n, const real x[], const real dy[], real dx[]);
#ifdef __cplusplus
}
#endif
#endif
"""
SOURCE = """
#include "layer.h"
static real slope(const sizes *s) { return s->act == LEAKY ? s->slope[1] : s->slope[0]; }
int layer_backward(const sizes *s, const real *x, const real *w, const real *dy, real *dx, real *dw)
{
    if (s->act != LEAKY && s->act != LINEAR) return 2;
    for (int i = 0; i < s->in; i++)
        for (int o = 0; o < s->out; o++) {
            double sum = 0;
            for (int r = 0; r < s->batch; r++) sum += x[r * s->in + i] * dy[r * s->out + o];
            dw[i * s->out + o] = sum * slope(s);
        }
    for (int r = 0; r < s->batch; r++)
        for (int i = 0; i < s->in; i++) {
            double sum = 0;
            for (int o = 0; o < s->out; o++) sum += dy[r * s->out + o] * w[i * s->out + o];
            dx[r * s->in + i] = sum * slope(s);
        }
    return 0;
}
void struct_backward(layer l, const real *x, real *dx) {
    layer_backward(&l.size, x, l.weight, l.delta, dx, l.dweight);
    for (int k = 0; k < l.size.batch * l.size.out; k++) l.delta[k] = 0;
}
void scaled(enum order order, int64_t n, const real *x, const real *dy, real *dx) {
    for (int64_t k = 0; k < n; k++) dx[k] = order == COLUMNS ? 2 * x[k] * dy[k] : dy[k];
}
"""
PLACES = {"x": "batch, in", "dx": "batch, in"}
SIZED = {"size.act": "LEAKY", "size.slope": [9.0, 0.25]}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("layer")
    (folder / "real.h").write_text("typedef double real;\n")
    (folder / "layer.h").write_text(HEADER)
    for name, text in (
        ("right", SOURCE),
        ("slip", SOURCE.replace("* w[i * s->out + o]", "* w[i]")),
    ):
        (folder / f"{name}.c").write_text(text)
        words = ["cc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", f"{name}.so"]
        subprocess.run([*words, f"{name}.c"], check=True, timeout=60, cwd=folder)
    return folder


def called(built, name, which="right", **said):
    return c_library.function(built / f"{which}.so", name, header=built / "layer.h", **said)


def linear(x, w):
    return 0.25 * (x @ w)


def sample(rng):
    return rng.normal(size=(5, 3)), rng.normal(size=(3, 2))


def judged(gradient, of=linear, args=sample, argnums=(0, 1)):
    finding = vf.validate(gradient, of, args, argnums=argnums, cases=2, edges="near")
    gradient.close()
    return finding


@pytest.mark.parametrize(("which", "verdict"), [("right", "correct"), ("slip", "wrong")])
def test_a_struct_of_sizes(built, which, verdict):
    shapes = {**PLACES, "w": "in, out", "dw": "in, out", "dy": "batch, out"}
    constants = {**SIZED, "size.next": None}
    gradient = called(built, "layer_backward", which, shapes=shapes, constants=constants)
    finding = judged(gradient)
    assert finding.verdict == verdict, finding


@pytest.mark.parametrize(("which", "verdict"), [("right", "correct"), ("slip", "wrong")])
def test_a_struct_of_arrays_by_value_and_one_inside_of_another(built, which, verdict):
    shapes = {**PLACES, "l.weight": "in, out", "l.dweight": "in, out", "l.delta": "batch, out"}
    constants = {f"l.{name}": value for name, value in SIZED.items()}
    inputs, outputs = ["x", "l.weight", "l.delta"], ["dx", "l.dweight"]
    gradient = called(built, "struct_backward", which, shapes=shapes, constants=constants,
                      inputs=inputs, outputs=outputs)  # fmt: skip
    finding = judged(gradient)
    assert finding.verdict == "rejected" and "it changed l.delta, which is an input" in (
        finding.reason
    )
    outputs = [*outputs, "l.delta"]
    gradient = called(built, "struct_backward", which, shapes=shapes, constants=constants,
                      inputs=inputs, outputs=outputs)  # fmt: skip
    both = lambda *args: gradient(*args)[:2]
    both.close = gradient.close  # pyright: ignore[reportFunctionMemberAccess]
    finding = judged(both)
    assert finding.verdict == verdict, finding


def test_an_enumerator_by_its_name(built):
    square = {"of": lambda x: x * x, "args": lambda rng: (rng.normal(size=4),), "argnums": 0}
    shapes = dict.fromkeys(("x", "dy", "dx"), "n")
    ask = lambda order: called(built, "scaled", shapes=shapes, constants={"order": order})
    assert judged(ask("COLUMNS"), **square).verdict == "correct"
    assert judged(ask(101), **square).verdict == "wrong"
    with pytest.raises(ValueError, match=r"'COLUMN'; did you mean 'COLUMNS'\? .*: LINEAR, RELU"):
        ask("COLUMN")


def test_what_the_header_says_is_read(built):
    signature = c_header.signature_in(built / "layer.h", "struct_backward")
    leaves = {p.name: p for p in signature.leaves}
    assert signature.constants == {"LINEAR": 0, "RELU": 4, "LEAKY": 5, "ROWS": 101, "COLUMNS": 102}
    assert leaves["l.size.slope"].inline == 2 and leaves["l.size.slope"].kind == "double"
    assert leaves["l.weight"].is_const and not leaves["l.delta"].is_const
    assert [leaves[n].kind for n in ("l.size.next", "l.forward", "l.size.act")] == [
        "void",
        "void",
        "int",
    ]


REFUSED = {
    "no such function": ("scaling", {}, "declares no 'scaling'; it declares layer_backward"),
    "no such parameter": ("scaled", {"shapes": {"z": "n"}}, "shapes has 'z'; declared: order, n"),
    "a size of nothing": ("scaled", {"shapes": {"x": "n", "dy": "n", "dx": "m"}}, "size 'm' is in"),
    "another order": ("scaled", {"order": "R"}, "it must be 'C' or 'F'"),
    "another type": ("scaled", {"types": {"x": "real"}}, "types: that of x is 'real'"),
    "another output": ("scaled", {"outputs": ["dz"]}, "outputs has 'dz'; declared: order"),
}


@pytest.mark.parametrize("which", REFUSED)
def test_what_there_is_not_is_a_sentence(built, which):
    name, said, sentence = REFUSED[which]
    with pytest.raises(ValueError, match=sentence):
        called(built, name, **said)


def test_a_header_that_cannot_be_read_is_a_sentence(built, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        c_header.signature_in(built / "none.h", "f")
    file = tmp_path / "odd.h"
    file.write_text("template <class T> void f(T x);")
    with pytest.raises(ValueError, match="'odd.h' cannot be read by pycparser"):
        c_header.signature_in(file, "f")
    file.write_text('#include "nowhere.h"\nvoid f(double *x);')
    with pytest.raises(ValueError, match="'odd.h' cannot be preprocessed: .*nowhere.h"):
        c_header.signature_in(file, "f")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    file.write_text("#pragma once\n#include <math.h>\nvoid f(const double *x, double *dx);")
    assert [p.name for p in c_header.signature_in(file, "f").leaves] == ["x", "dx"]


def test_without_pycparser_it_is_said_what_to_install(built, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pycparser", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'refnet\[c\]'"):
        c_header.signature_in(built / "layer.h", "scaled")


def test_a_value_that_is_missing_is_a_sentence(built):
    shapes = dict.fromkeys(("x", "dy", "dx"), "n")
    gradient = called(built, "scaled", shapes=shapes, inputs=["x", "dy"])
    with pytest.raises(ValueError, match="order has no value; give it: constants="):
        gradient(np.zeros(3), np.zeros(3))
