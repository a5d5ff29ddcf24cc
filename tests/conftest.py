"""Every test runs in the strictest JAX there is, and draws the same examples every time."""

import re
import signal
import sys
from itertools import combinations
from pathlib import Path

import jax
import pytest
from hypothesis import settings

from .held import Held

sys.meta_path.insert(1, Held)  # jaxtyping's finder is the first

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")

MARKS = ("end_to_end", "package", "dear", "torch")  # those of pyproject.toml
DEAR = (  # what one Python looks at for all: dear, and made of parts that every Python tests
    "adapters/test_c_kernels",
    "adapters/test_c_library",
    "adapters/test_layer.py",
    "adapters/test_numpy_mlp",
    "adapters/test_optimizer_object",
    "adapters/test_planted",
    "adapters/test_recorded",
    "adapters/test_scikit_learn",
    "adapters/test_update_libraries",
    "arithmetic/test_containment",
    "arithmetic/test_gamma_draws",
    "arithmetic/test_gamma_orders",
    "arithmetic/test_known.py",
    "arithmetic/test_met",
    "arithmetic/test_piecewise",
    "arithmetic/test_recalled",
    "arithmetic/test_tails",
    "arithmetic/test_windows",
    "arithmetic/test_without_rules",
    "atlas/test_arguments",
    "atlas/test_committed",
    "atlas/test_refused",
    "campaign/",
    "claims/",
    "commands/test_explain",
    "commands/test_named_networks",
    "commands/test_sweep",
    "commands/test_train.py",
    "commands/test_training",
    "commands/test_validate_kinds",
    "commands/test_validate_options",
    "commands/test_validate_seconds",
    "commands/test_validate_update",
    "derivations/layers/",
    "derivations/rules/",
    "derivations/test_ada",
    "derivations/test_mlp",
    "derivations/test_proofs",
    "explanation/",
    "faults/pieces/",
    "faults/test_leaves",
    "faults/test_newer_update_rules",
    "faults/test_slopes",
    "faults/test_update_rules",
    "judgement/kinds/test_batches",
    "judgement/kinds/test_implicit",
    "judgement/kinds/test_meant",
    "judgement/kinds/test_orders",
    "judgement/kinds/test_second_pull",
    "judgement/test_any_function",
    "judgement/test_any_outputs",
    "judgement/test_black_box",
    "judgement/test_check",
    "judgement/test_complex_arguments",
    "judgement/test_edges_decide",
    "judgement/test_edges_far_away",
    "judgement/test_edges_on_purpose",
    "judgement/test_estimator",
    "judgement/test_first_contact",
    "judgement/test_foreign",
    "judgement/test_gradbench",
    "judgement/test_in_place",
    "judgement/test_kinks",
    "judgement/test_linear_algebra",
    "judgement/test_measured_kinks",
    "judgement/test_of_every_kind",
    "judgement/test_other_peoples_gradients",
    "judgement/test_reproduction",
    "measurement/test_batch",
    "measurement/test_budget",
    "measurement/test_conventions",
    "measurement/test_drawn_truth",
    "measurement/test_factored",
    "measurement/test_own_draws",
    "measurement/test_power",
    "measurement/test_roughness",
    "measurement/test_stages",
    "measurement/test_structured",
    "oracles/test_sums",
    "refnet/layers/test_attention",
    "refnet/layers/test_convolution",
    "refnet/layers/test_parts",
    "refnet/layers/test_recurrence",
    "refnet/test_alignments",
    "refnet/test_compositions",
    "refnet/test_convolutional",
    "refnet/test_datasets",
    "refnet/test_initializers",
    "refnet/test_objectives",
    "refnet/test_passes",
    "refnet/test_recurrent",
    "refnet/test_sequences",
    "refnet/test_sweeps",
    "refnet/test_training",
    "refnet/test_transformer",
    "refnet/test_updates",
    "report/test_document",
    "report/test_gates",
    "report/test_kills",
    "report/test_panels",
    "report/test_peers",
    "report/test_sections",
    "report/test_series",
    "report/test_stages",
    "selftest/spellings/",
    "selftest/test_calibration",
    "selftest/test_digit_loss",
    "selftest/test_edge_faults",
    "selftest/test_kill_table",
    "selftest/test_kinds",
    "test_architecture",
    "test_benchmark_gpt2",
    "test_benchmarks",
    "test_experiments",
    "training/",
    "updates/",
    "vectors/test_runs",
)

settings.register_profile("refnet", deadline=None, derandomize=True)
settings.load_profile("refnet")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory of its own for somebody's files, of which nothing stays loaded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    theirs = lambda module: str(getattr(module, "__file__", "")).startswith(str(tmp_path))
    for name in [name for name, module in sys.modules.items() if theirs(module)]:
        del sys.modules[name]


@pytest.fixture
def heeding():
    """What a test starts heeds Ctrl-C, though this one may run in the background of a script.

    An ignored signal is inherited, a caught one is reset by exec. Nothing may run between fork
    and exec here: JAX has threads.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def refnet(capfd):
    """Run one command line in this process: refnet(*arguments) -> (status, stdout, stderr)."""
    from verification import cli

    def call(*arguments):
        status = cli.run(list(map(str, arguments)))
        said = capfd.readouterr()
        return status, said.out, said.err

    return call


def pytest_ignore_collect(collection_path, config):
    """A file of which -m asks for no test is not imported: imports are most of its start."""
    asked, root = config.option.markexpr, Path(__file__).parent
    if asked and collection_path.suffix == ".py" and collection_path.is_relative_to(root):
        place = collection_path.relative_to(root).as_posix()
        text = collection_path.read_text(encoding="utf-8")
        return None if may_be_asked(asked, place, text) else True
    return None


def may_be_asked(asked: str, place: str, text: str) -> bool:
    """Whether a test of that file can have marks of which the expression is true.

    It has a mark because the file writes it, on this test or on another one, or by its place.
    """
    always = {"dear"} if place.startswith(DEAR) else set()
    some = [mark for mark in MARKS if re.search(rf"\bmark\.{mark}\b", text)]
    marked = (always.union(marks) for n in range(len(some) + 1) for marks in combinations(some, n))
    try:
        return any(eval(asked, {}, {mark: mark in have for mark in MARKS}) for have in marked)
    except (NameError, SyntaxError):  # more than pytest lets be asked of marks: by pytest itself
        return True


def pytest_collection_modifyitems(items):
    """Mark what is dear, by where it stands; whole programs go first, so that none ends alone."""
    root = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(root):
            place = item.path.relative_to(root).as_posix()
            if place.startswith(DEAR):
                item.add_marker("dear")
    items.sort(key=lambda item: item.get_closest_marker("end_to_end") is None)
