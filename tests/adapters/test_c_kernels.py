"""Kernels as people declare them are judged as they are: the right one, and the one with a slip."""

import shutil
import subprocess

import numpy as np
import pytest

import verification as vf
from verification.adapters import c_library

from .c_kernels import KERNELS, SOURCE, declaration

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler"),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernels")
    (folder / "kernels.c").write_text(SOURCE)
    words = ["cc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", "kernels.so", "kernels.c"]
    subprocess.run([*words, "-lm"], check=True, timeout=60, cwd=folder)
    return folder / "kernels.so"


@pytest.mark.parametrize("which", ["right", "slip"])
@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_is_judged_as_it_is_declared(name, which, library):
    kernel, number = KERNELS[name], list(KERNELS).index(name)
    assert kernel.slip[0] in kernel.text
    line = declaration(kernel, f"{which}_{number}")
    called = c_library.function(library, line, **kernel.said)
    before = kernel.before

    def gradient(*args):
        return called(*(map(np.asarray, before(*args)) if before else args))

    asked = {"of": kernel.of, "args": kernel.args, "argnums": kernel.argnums}
    finding = vf.validate(gradient, **asked, dtype=kernel.dtype, cases=3, edges="near")
    called.close()
    assert finding.verdict == ("correct" if which == "right" else "wrong"), finding
