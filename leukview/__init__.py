"""LeukView: review of white-blood-cell images. Research use only. Not for diagnosis."""

import os

__version__ = "0.1.0"

# Nothing leaves this computer: onnxruntime's own builds would send events to its makers, and write
# an identifier of this computer down for them. It asks for this when it is loaded, which is after
# this package.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
