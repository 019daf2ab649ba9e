"""The drawings, word lists and fonts of the sketch; where each comes from is in ``NOTICE`` and ``licences/``."""

from pathlib import Path

FOLDER = Path(__file__).parent
