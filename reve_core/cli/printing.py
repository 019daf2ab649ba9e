"""What goes to a terminal."""


def printable(text: str) -> str:
    """What others wrote must not be able to move the cursor or recolour the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)
