"""verification: is this gradient right?  Public names are imported when they are first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what _HOMES says, for readers and type checkers; a test compares the two
    from .adapters.limits import Limits as Limits
    from .adapters.recorded import TrainingStep as TrainingStep
    from .adapters.recorded import record as record
    from .judgement.check import check as check
    from .judgement.estimator import validate_estimator as validate_estimator
    from .judgement.foreign import validate_process as validate_process
    from .judgement.kinds.implicit import implicit as implicit
    from .judgement.kinds.meant import cotangent as cotangent
    from .judgement.tangent import validate_jvp as validate_jvp
    from .judgement.torch_gradcheck import torch_gradcheck as torch_gradcheck
    from .judgement.torch_gradcheck import torch_gradgradcheck as torch_gradgradcheck
    from .judgement.validate import validate as validate
    from .training.lint.lint import lint_training as lint_training
    from .training.validate import validate_training as validate_training
    from .updates.foreign import validate_update_process as validate_update_process
    from .updates.validate import validate_update as validate_update
    from .vocabulary import Agreement as Agreement
    from .vocabulary import Arrow as Arrow
    from .vocabulary import ArrowCheck as ArrowCheck
    from .vocabulary import Ball as Ball
    from .vocabulary import Case as Case
    from .vocabulary import Check as Check
    from .vocabulary import Claim as Claim
    from .vocabulary import Derivation as Derivation
    from .vocabulary import Evidence as Evidence
    from .vocabulary import Explanation as Explanation
    from .vocabulary import Finding as Finding
    from .vocabulary import Judged as Judged
    from .vocabulary import NoRule as NoRule
    from .vocabulary import Rank as Rank
    from .vocabulary import Silent as Silent
    from .vocabulary import Undecided as Undecided
    from .vocabulary import Unproven as Unproven
    from .vocabulary import Verdict as Verdict
    from .vocabulary import Worst as Worst

_HOMES = {
    "check": ".judgement.check",
    "torch_gradcheck": ".judgement.torch_gradcheck",
    "torch_gradgradcheck": ".judgement.torch_gradcheck",
    "validate": ".judgement.validate",
    "validate_jvp": ".judgement.tangent",
    "validate_estimator": ".judgement.estimator",
    "implicit": ".judgement.kinds.implicit",
    "cotangent": ".judgement.kinds.meant",
    "validate_process": ".judgement.foreign",
    "Limits": ".adapters.limits",
    "validate_update": ".updates.validate",
    "validate_update_process": ".updates.foreign",
    "validate_training": ".training.validate",
    "lint_training": ".training.lint.lint",
    "TrainingStep": ".adapters.recorded",
    "record": ".adapters.recorded",
    "Agreement": ".vocabulary",
    "Arrow": ".vocabulary",
    "ArrowCheck": ".vocabulary",
    "Ball": ".vocabulary",
    "Case": ".vocabulary",
    "Check": ".vocabulary",
    "Claim": ".vocabulary",
    "Derivation": ".vocabulary",
    "Evidence": ".vocabulary",
    "Explanation": ".vocabulary",
    "Finding": ".vocabulary",
    "Judged": ".vocabulary",
    "NoRule": ".vocabulary",
    "Rank": ".vocabulary",
    "Silent": ".vocabulary",
    "Undecided": ".vocabulary",
    "Unproven": ".vocabulary",
    "Verdict": ".vocabulary",
    "Worst": ".vocabulary",
    "report": ".report",  # the stage itself, which can be called
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        from .vocabulary.names import nearest

        known = f"{nearest(name, __dir__())}it has {', '.join(__dir__())}"
        raise AttributeError(f"verification has no {name!r}; {known}")
    from .vocabulary.extras import missing

    try:
        home = import_module(_HOMES[name], __name__)
    except ModuleNotFoundError as error:
        raise (ImportError(said) if (said := missing(error)) else error) from error
    value = getattr(home, name) if name != "report" else home
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_HOMES)
