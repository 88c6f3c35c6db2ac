"""PageTexts -> Documents."""

from digitizer.classify.beside import apart
from digitizer.classify.split import classify

__all__ = ["apart", "classify"]
