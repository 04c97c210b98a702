"""LeukView: review of white-blood-cell images. Research use only. Not for diagnosis."""

__version__ = "0.1.0"
