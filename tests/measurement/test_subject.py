"""What is asked of the function itself: NumPy's own functions can be asked more than once."""

import numpy as np

import verification as vf
from verification.measurement.subject import referable
from verification.vocabulary import Verdict


def test_a_function_of_numpy_is_judged_twice():
    """Traced twice as it is, such a dispatcher ends the interpreter; so it is told by its kind."""
    kinds = {type(f).__module__.partition(".")[0] for f in (np.linalg.det, np.sum, np.sin)}
    judge = lambda g: vf.validate(
        g, of=np.linalg.det, args=lambda rng: (rng.normal(size=(2, 2)),), cases=2
    )
    adjugate = lambda a: np.array([[a[1, 1], -a[1, 0]], [-a[0, 1], a[0, 0]]])

    assert kinds == {"numpy"}
    assert referable(np.linalg.det) is not np.linalg.det
    assert referable(judge) is judge
    assert judge(adjugate).verdict is judge(adjugate).verdict is Verdict.CORRECT
    assert judge(lambda a: adjugate(a).T).verdict is Verdict.WRONG
