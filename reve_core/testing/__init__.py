"""What the author of an adapter runs over it; see ``docs/adapters.md``. Needs pytest, and nothing else of the tests."""

import pytest

pytest.register_assert_rewrite("reve_core.testing.provider")
