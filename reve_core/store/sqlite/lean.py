"""
sqlite-utils imports pandas and numpy wherever they are installed, and Streamlit brings both: 90 MB of memory and most of a
second at start, for conversions that nothing here asks for. So it is imported once where they cannot be found.
"""

import sys


def import_lean(module: str, without: tuple[str, ...]) -> None:
    """Import ``module`` as if ``without`` were not installed. What is loaded already stays as it is."""
    hidden = [name for name in without if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None there means: it cannot be found
    try:
        __import__(module)
    finally:
        for name in hidden:
            del sys.modules[name]


import_lean("sqlite_utils", without=("pandas", "numpy"))
