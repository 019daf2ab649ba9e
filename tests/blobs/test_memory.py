import pytest

from tests.contracts.blobs import BlobsContract
from tests.fakes_blobs import MemoryBlobs


class TestMemoryBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self) -> MemoryBlobs:
        return MemoryBlobs()
