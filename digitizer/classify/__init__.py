"""PageTexts -> Documents."""

from digitizer.classify.split import classify

__all__ = ["classify"]
