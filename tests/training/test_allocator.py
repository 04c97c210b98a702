"""Memory that a fit frees is kept for its next step."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# 20 blocks of 40 MB, each written and freed: given back, they fault 200,000 times.
_SCRIPT = """
import resource, sys
from training.allocator import keep_memory
if sys.argv[1] == "kept":
    assert keep_memory()
block = bytes(40 << 20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    bytearray(block)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator of glibc")
def test_freed_blocks_are_used_again_instead_of_given_back() -> None:
    faults = {
        how: int(subprocess.check_output([sys.executable, "-c", _SCRIPT, how]))
        for how in ("plain", "kept")
    }
    assert faults["kept"] < faults["plain"] / 4


def test_another_system_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from training import allocator

    monkeypatch.setattr(allocator.platform, "system", lambda: "Windows")
    assert not allocator.keep_memory()
