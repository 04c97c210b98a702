"""glibc's allocator, told to keep what a fit frees: the next step asks for the same again.

TensorFlow sets the threshold for giving memory back to 128 kB as soon as it reads batches from
Python. Then each step's maps are unmapped and mapped anew, and on a CPU more time went into the
kernel than into the network: two epochs of EfficientNet-B0 at 96 pixels took 36.5 s (user 20.6,
system 25.5, 6.8 million page faults), and 14.6 s (18.2, 1.7, 1,567) with the settings below.
"""

from __future__ import annotations

import ctypes
import platform

# Numbers of mallopt(3): no maps of its own for large blocks, one arena, nothing given back, and
# growth in steps of 64 MB.
_MMAP_MAX, _ARENA_MAX, _TRIM_THRESHOLD, _TOP_PAD = -4, -8, -1, -2
_SETTINGS = ((_MMAP_MAX, 0), (_ARENA_MAX, 1), (_TRIM_THRESHOLD, -1), (_TOP_PAD, 64 << 20))


def keep_memory() -> bool:
    """Make this process keep freed memory; to be called before TensorFlow is imported.

    Returns:
        Whether all settings were taken; False where the allocator is not glibc's.
    """
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    taken = [mallopt(name, value) == 1 for name, value in _SETTINGS]
    return all(taken)
