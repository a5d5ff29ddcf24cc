"""Test vectors: questions and proven answers as files, and the judgement of what is answered."""

from .answers import check_vectors as check_vectors
from .export import export_vectors as export_vectors
