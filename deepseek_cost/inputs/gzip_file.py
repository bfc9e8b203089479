"""The contents of a gzip file."""

import gzip
from typing import BinaryIO


class GzipFile(gzip.GzipFile):
    """Reads a gzip file unpacked; closed, it closes what it reads from."""

    def __init__(self, packed: BinaryIO) -> None:
        super().__init__(fileobj=packed)
        self._packed = packed

    def close(self) -> None:
        """Close it and what it reads from."""
        super().close()
        self._packed.close()
