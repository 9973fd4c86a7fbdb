"""Pratique: prove a vaccination anywhere, be tracked nowhere."""


def __getattr__(name: str) -> str:
    # Reading the package's metadata takes longer than verifying a hundred certificates.
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import metadata  # noqa: PLC0415

    return metadata.version("pratique")
