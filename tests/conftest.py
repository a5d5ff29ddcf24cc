"""Every test runs in the strictest JAX there is, and draws the same examples every time."""

import ast
import hashlib
import marshal
import os
import re
import signal
import sys
from importlib.machinery import PathFinder, SourceFileLoader
from importlib.util import cache_from_source
from itertools import combinations
from pathlib import Path
from types import CodeType

import jax
import pytest
from hypothesis import settings

WAY = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]  # of holding: this file's
BEFORE = ast.parse("""from beartype import beartype as __held__
def __own__(method, cls):
    hints = method.__annotations__.items()
    method.__annotations__ = {k: cls if v == cls.__name__ else v for k, v in hints}
    return __held__(method)
""").body


class Held(SourceFileLoader):
    """A file of verification, each function of which is held to its annotations.

    jaxtyping does it where shapes are annotated (pyproject.toml); it binds the arguments of every
    call and makes two functions of each, which elsewhere took two thirds of the suite's time.
    """

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        kept = Path(cache_from_source(path, optimization=f"held{WAY}"))
        at = os.stat(path)
        mark = (at.st_mtime_ns, at.st_size)
        if kept.exists():
            found, code = marshal.loads(kept.read_bytes())
            if found == mark:
                return code
        code = held(self.get_data(path), path)
        if not sys.dont_write_bytecode:
            kept.parent.mkdir(exist_ok=True)
            aside = kept.with_suffix(f".{os.getpid()}")  # workers do it at once
            aside.write_bytes(marshal.dumps((mark, code)))
            aside.replace(kept)
        return code

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        """Before pytest does, which would rewrite the assertions of a plugin's package."""
        spec = PathFinder.find_spec(name, path) if name.split(".")[0] == "verification" else None
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = cls(spec.loader.name, spec.loader.path)
        return spec


def held(source: bytes, path: str) -> CodeType:
    """The code of a file in which beartype decorates what has annotations."""
    tree = ast.parse(source, path)
    unknown = for_readers(tree)
    later = own(tree)
    for node in ast.walk(tree):
        by = ast.Name("__held__", ast.Load())
        if isinstance(node, ast.FunctionDef) and annotated(node, unknown) and node not in later:
            node.decorator_list.append(by)
        if isinstance(node, ast.ClassDef) and "dataclass" in map(called, node.decorator_list):
            node.decorator_list.insert(0, by)
    tree.body[1:1] = BEFORE  # below the docstring, which every file has
    return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)


def own(tree: ast.Module) -> set[ast.FunctionDef]:
    """The methods that name their own class: they are held to it once it is there.

    Where it is but a name in quotes, beartype looks that up in every call: a tenth of all updates.
    """
    methods: set[ast.FunctionDef] = set()
    for place, node in reversed([*enumerate(tree.body)]):
        if isinstance(node, ast.ClassDef):
            functions = [n for n in node.body if isinstance(n, ast.FunctionDef)]
            ours = [n for n in functions if not n.decorator_list and node.name in all_words(n)]
            lines = [
                f"{node.name}.{n.name} = __own__({node.name}.{n.name}, {node.name})" for n in ours
            ]
            tree.body[place + 1 : place + 1] = ast.parse("\n".join(lines)).body
            methods.update(ours)
    return methods


def all_words(node: ast.FunctionDef) -> set[str]:
    arguments = [n.annotation for n in ast.walk(node.args) if isinstance(n, ast.arg)]
    return set().union(*map(words, [node.returns, *arguments]))


def annotated(node: ast.FunctionDef, unknown: set[str]) -> bool:
    """Whether there is anything to hold it to, once what names an unknown is off."""
    arguments = [n for n in ast.walk(node.args) if isinstance(n, ast.arg)]
    for argument in arguments:
        if words(argument.annotation) & unknown:
            argument.annotation = None
    if words(node.returns) & unknown:
        node.returns = None
    return any([node.returns, *(n.annotation for n in arguments)])


def words(annotation: ast.expr | None) -> set[str]:
    """Those in quotes: names that are looked up when all is loaded."""
    quoted = [] if annotation is None else ast.walk(annotation)
    texts = [n.value for n in quoted if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return {word for text in texts for word in re.findall(r"\w+", text)}


def for_readers(tree: ast.Module) -> set[str]:
    """What a file imports for type checkers alone, to start without it."""
    blocks = [n for n in tree.body if isinstance(n, ast.If) and called(n.test) == "TYPE_CHECKING"]
    imports = [n for b in blocks for n in b.body if isinstance(n, ast.Import | ast.ImportFrom)]
    return {alias.asname or alias.name for n in imports for alias in n.names}


def called(expression: ast.expr) -> str:
    return ast.unparse(expression).split("(")[0]


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
    "arithmetic/test_known.py",
    "arithmetic/test_met",
    "arithmetic/test_piecewise",
    "arithmetic/test_recalled",
    "arithmetic/test_tails",
    "arithmetic/test_windows",
    "arithmetic/test_without_rules",
    "atlas/test_arguments",
    "atlas/test_committed",
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
