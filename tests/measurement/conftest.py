"""The subjects that verdicts are tested on, measured."""

from ..judgement.conftest import of as of
from ..judgement.conftest import points as points
from ..judgement.conftest import verdict_of as verdict_of
