"""What several screens share. Imported as ``pages.parts.…`` from the repository's root, so that type checkers see it too."""
