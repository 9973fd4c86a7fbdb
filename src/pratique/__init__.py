"""Pratique: prove a vaccination anywhere, be tracked nowhere."""

from importlib import metadata

__version__ = metadata.version("pratique")
