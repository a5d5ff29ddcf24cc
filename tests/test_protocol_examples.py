"""The programs of examples/protocol answer as docs/protocol.md says they do."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from verification.judgement.foreign import validate_process
from verification.updates.foreign import validate_update_process

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "protocol"
C = "logistic_neuron", "softmax_cross_entropy"
PARSE = """
tree = Meta.parseall(read(ARGS[1], String))
any(x -> x isa Expr && x.head in (:error, :incomplete), tree.args) && exit(1)
"""

pytestmark = pytest.mark.end_to_end


def needs(program: str):
    return pytest.mark.skipif(not runs(program), reason=f"needs {program}")


def runs(program: str) -> bool:
    """Whether it is here and starts: rustup's rustc does not where no toolchain was chosen."""
    ask = [program, "--version"]
    return bool(shutil.which(program)) and not subprocess.run(ask, capture_output=True).returncode


def compiled(folder: Path, *words: str) -> str:
    program = folder / "gradient"
    subprocess.run([*words, "-o", str(program)], check=True, timeout=120)
    return str(program)


@pytest.fixture(scope="module")
def c_program(tmp_path_factory):
    strict = "-O2", "-std=c99", "-Wall", "-Wextra", "-Werror"
    return compiled(tmp_path_factory.mktemp("c"), "cc", *strict, str(FOLDER / "gradient.c"), "-lm")


@needs("cc")
@pytest.mark.parametrize("against", C)
def test_the_program_in_c_is_correct(c_program, against):
    finding = validate_process([c_program], against=against, cases=4)
    assert finding.verdict == "correct", finding


@needs("cc")
def test_a_slip_in_the_program_in_c_is_seen(tmp_path):
    text = (FOLDER / "gradient.c").read_text()
    slip = text.replace("- y[c] * others_p) / rows;", "- y[c] * others_p) / count;")
    assert slip != text
    (tmp_path / "slip.c").write_text(slip)
    program = compiled(tmp_path, "cc", str(tmp_path / "slip.c"), "-lm")
    finding = validate_process([program], against="softmax_cross_entropy", cases=4)
    assert finding.verdict == "wrong", finding


def test_the_program_in_python_is_correct_and_a_slip_in_it_is_named(tmp_path):
    text = (FOLDER / "adam.py").read_text()
    finding = validate_update_process([sys.executable, str(FOLDER / "adam.py")], against="adam")
    assert finding.verdict == "correct", finding
    slip = text.replace("(math.sqrt(v / (1 - b2**t)) + eps)", "math.sqrt(v / (1 - b2**t) + eps)")
    assert slip != text
    (tmp_path / "slip.py").write_text(slip)
    finding = validate_update_process([sys.executable, str(tmp_path / "slip.py")], against="adam")
    assert finding.verdict == "wrong" and finding.explanation[0].fault == "adam_eps_inside"


@needs("node")
@pytest.mark.parametrize("against", ["logistic_neuron", "mlp_mse"])
def test_the_program_in_javascript_is_correct(against):
    command = ["node", str(FOLDER / "gradient.js")]
    finding = validate_process(command, against=against, cases=4)
    assert finding.verdict == "correct", finding


@needs("node")
@pytest.mark.parametrize(
    ("slope", "verdicts"),
    [
        ("1 - Math.tanh(z) ** 2", ("correct",)),  # from the output that is stored
        ("1e8 + 1 - (1e8 + Math.tanh(z) ** 2)", ("inaccurate", "undecided", "wrong")),
        ("1 - Math.tanh(z)", ("wrong",)),
    ],
)
def test_slopes_in_javascript_are_told_apart(slope, verdicts, tmp_path):
    text = (FOLDER / "gradient.js").read_text()
    other = text.replace("d / Math.cosh(z) / Math.cosh(z)", f"d * ({slope})")
    assert other != text
    (tmp_path / "other.js").write_text(other)
    finding = validate_process(["node", str(tmp_path / "other.js")], against="mlp_mse", cases=2)
    assert finding.verdict in verdicts, finding


@needs("rustc")
def test_the_program_in_rust_is_correct(tmp_path):
    program = compiled(tmp_path, "rustc", str(FOLDER / "gradient.rs"))
    finding = validate_process([program], against="softmax_cross_entropy", cases=4)
    assert finding.verdict == "correct", finding


@needs("julia")
def test_the_program_in_julia_parses():
    """Its package for JSON need not be there."""
    subprocess.run(["julia", "-e", PARSE, str(FOLDER / "gradient.jl")], check=True, timeout=120)
