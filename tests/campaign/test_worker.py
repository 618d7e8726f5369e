"""What a pool process does for itself."""

import subprocess
import sys

import pytest

_FAULTS = """
import resource
import numpy as np
from engine.campaign.worker import keep_freed_memory

if {keep}:
    keep_freed_memory()
def structure():
    arrays = [np.ones(2_000_000, np.uint8) for _ in range(8)]
structure()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    structure()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(keep: bool) -> int:
    found = subprocess.run(
        [sys.executable, "-c", _FAULTS.format(keep=keep)],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(found.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only the GNU C library gives memory back")
def test_that_a_worker_uses_the_memory_of_one_structure_for_the_next():
    plain, kept = faults(keep=False), faults(keep=True)
    if plain < 1000:
        pytest.skip("the C library here keeps freed memory by itself")
    assert kept < plain / 10
