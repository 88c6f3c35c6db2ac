"""A reference dossier system: real HTTP, SQLite, dossiers with components and attachments, and moods to test patience with.

`python -m tests.dossier_server --mood worst` serves it; `running()` starts one inside a test. Not part of the wheel.
"""

from tests.dossier_server.database import Database
from tests.dossier_server.moods import GOOD, WORST, Mood
from tests.dossier_server.server import DossierServer, running

__all__ = ["GOOD", "WORST", "Database", "DossierServer", "Mood", "running"]
