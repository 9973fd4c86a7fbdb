"""Pratique: prove a vaccination anywhere, be tracked nowhere.

    load_trust(...) -> Snapshot -> verify(text, snapshot=, at=) -> Verification -> decide([...], place=) -> HealthCode

1. What is named here is what programs may rely on; the rest of the package may change with any version.
2. A name's module is imported when the name is first used: the package alone costs next to nothing.
3. Time is an argument, aware: nothing here asks a clock.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pratique.authenticate import HealthCode
    from pratique.decision import decide
    from pratique.errors import PratiqueError
    from pratique.findings import Colour, Finding, Verdict
    from pratique.parties.verifier import load_trust
    from pratique.rules.ruleset import Destination
    from pratique.snapshot import Snapshot
    from pratique.verification import Verification, verify, verify_many

    __version__: str

__all__ = [
    "Colour", "Destination", "Finding", "HealthCode", "PratiqueError", "Snapshot", "Verdict", "Verification",
    "__version__", "decide", "load_trust", "verify", "verify_many",
]  # fmt: skip

_MODULES = {
    "Colour": "findings",
    "Destination": "rules.ruleset",
    "Finding": "findings",
    "HealthCode": "authenticate",
    "PratiqueError": "errors",
    "Snapshot": "snapshot",
    "Verdict": "findings",
    "Verification": "verification",
    "decide": "decision",
    "load_trust": "parties.verifier",
    "verify": "verification",
    "verify_many": "verification",
}
"""A name -> the module that holds it."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name == "__version__":
            # Reading the package's metadata takes longer than verifying a hundred certificates.
            from importlib import metadata  # noqa: PLC0415

            return metadata.version("pratique")
        if name not in _MODULES:
            # Asked of each module that is imported from here, too: nothing is loaded for that.
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module  # noqa: PLC0415 - rule 2

        found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
