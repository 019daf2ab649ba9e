"""The oracle: a provider whose charges are lines in a file, forced to the disk before the answer is given."""

import os
from collections import Counter
from pathlib import Path

from reve_core.models import JobRequest, Picture
from reve_core.ports import CallContext
from tests.fakes import FakeProvider


class BankProvider(FakeProvider):
    """Charges at the instant the request is 'sent'. ``sending`` and ``sent`` are called around it."""

    def __init__(self, ledger: Path, *, idempotent: bool = False, **options: object) -> None:
        super().__init__(name="bank", idempotent=idempotent, **options)  # type: ignore[arg-type]
        self._ledger = ledger

    def sending(self) -> None:
        return None

    def sent(self) -> None:
        return None

    def generate(self, request: JobRequest, context: CallContext) -> Picture:
        self.sending()
        descriptor = os.open(self._ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, (context.key + "\n").encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self.sent()
        return super().generate(request, context)


def charges(ledger: Path) -> Counter[str]:
    """How often each job was charged."""
    lines = ledger.read_text().split() if ledger.exists() else []
    return Counter(line.rpartition("-")[0] for line in lines)
