"""`python -m leukview` and the command `leukview`."""

from __future__ import annotations

import sys

# Before anything that may load Qt: the other order fails on Windows (onnxruntime#26127).
import onnxruntime  # noqa: F401

from leukview.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
