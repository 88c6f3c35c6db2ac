"""PageTexts -> Documents."""

from digitizer.classify.side_by_side import split_side_by_side
from digitizer.classify.split import classify

__all__ = ["classify", "split_side_by_side"]
