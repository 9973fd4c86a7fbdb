"""The command `pratique`: finds the sub-command, and tells errors as a person reads them.

    argv -> lazy group -> sub-command -> exit code

1. Exit codes: 0 accepted · 1 verified negative · 2 usage · 3 cannot decide · 4 input or output, not read
   · 70 a fault of this program · 130 interrupted · 141 the pipe was closed.
2. A sub-command's code is loaded only when it is called: a check must start fast.
3. An error is `error: …` and `hint: …` on stderr, without a capital, a period or a traceback.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import NoReturn

import click

from pratique.cli import barrier, terminal
from pratique.cli.lazy import Lazy
from pratique.errors import PratiqueError

COMMANDS = {
    "verify": ("pratique.cli.verify:verify", "Verify health certificates, offline."),
    "decide": ("pratique.cli.decide:decide", "Compute the health code for a destination."),
    "issuer": ("pratique.cli.issuer.command:issuer", "Issue, print, renew, correct and revoke."),
    "rules": ("pratique.cli.rules:rules", "Write, check, compare and import destinations' rules."),
    "inspect": ("pratique.cli.inspect:inspect", "Show every layer of a text, unverified."),
    "trust": ("pratique.cli.trust:trust", "Import signers, and show which of them are live."),
    "revocations": (
        "pratique.cli.revocations:revocations",
        "Import what issuers took back, and show its age.",
    ),
    "sync": ("pratique.cli.sync:sync", "Bring what is held of the network up to date."),
    "snapshot": ("pratique.cli.snapshot:snapshot", "Hand on what is held as one file."),
    "authority": (
        "pratique.cli.authority.command:authority",
        "Found, keep and publish a network, k of n.",
    ),
    "participant": (
        "pratique.cli.participant.command:participant",
        "Take part in a network: keys, dossier, publishing.",
    ),
    "network": (
        "pratique.cli.network.command:network",
        "See what of a network ends; hand it on in WHO's forms.",
    ),
    "witness": ("pratique.cli.witness.command:witness", "Cosign a log's checkpoints."),
    "monitor": (
        "pratique.cli.monitor:monitor",
        "See whether what the network says of you is what you said.",
    ),
    "conformance": ("pratique.cli.conformance.command:conformance", "Run a folder of test cases."),
    "demo": ("pratique.cli.demo.command:demo", "Found a network in a minute, and try it."),
    "completion": ("pratique.cli.completion:completion", "Print a shell's completion script."),
}
INPUT_OUTPUT = 4
INTERRUPTED = 130
LONGEST = 2_000
"""Characters of a line of an error that are shown."""


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from pratique import __version__  # noqa: PLC0415 - reads the package's metadata

        click.echo(f"pratique {__version__}")
        ctx.exit()


@click.group(
    cls=Lazy,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "PRATIQUE"},
    epilog="Every option can be set by a variable: --at of verify is PRATIQUE_VERIFY_AT.",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Show the version and exit.",
)  # fmt: skip
def pratique() -> None:
    """Prove a vaccination anywhere, be tracked nowhere."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line, and exit."""
    terminal.prepare()
    out = sys.stdout
    try:
        code = _run(arguments)
    except BrokenPipeError:
        # The reader has seen enough. Nothing more may be written, not even at exit.
        code = terminal.closed()
    except SystemExit:
        # Where a pipe is closed, click puts streams of its own in the place of ours and ends with 1,
        # which is our word for "refused".
        if sys.stdout is out:
            raise
        code = terminal.closed()
    except BaseException as error:
        if not barrier.unforeseen(error):
            raise
        code = barrier.UNFORESEEN
        # Standard error may be what is broken.
        with contextlib.suppress(Exception):
            _complain(
                f"stopped by a fault of this program: {barrier.place_of(error)}", barrier.HINT
            )
    sys.exit(terminal.end(code))


def _run(arguments: list[str] | None) -> int:
    try:
        outcome = pratique.main(
            arguments,
            prog_name="pratique",
            standalone_mode=False,
            color=False if os.environ.get("NO_COLOR") else None,
        )
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return error.exit_code
    except click.exceptions.Abort:
        _complain("interrupted", "")
        return INTERRUPTED
    except click.ClickException as error:
        _complain(_lowered(error.format_message()), _usage_hint(error))
        return error.exit_code
    except PratiqueError as error:
        _complain(error.message, error.hint)
        return error.exit_code
    except BrokenPipeError:
        raise
    except OSError as error:
        _complain(error.strerror or type(error).__name__, "")
        return INPUT_OUTPUT
    return outcome if isinstance(outcome, int) else 0


def _usage_hint(error: click.ClickException) -> str:
    ctx = getattr(error, "ctx", None)
    return f"{ctx.command_path} --help" if ctx is not None else ""


def _lowered(message: str) -> str:
    message = message.strip().rstrip(".")
    return message[:1].lower() + message[1:]


def _complain(message: str, hint: str) -> None:
    click.echo(f"error: {_shown(message)}", err=True)
    if hint:
        click.echo(f"hint: {_shown(hint)}", err=True)


def _shown(text: str) -> str:
    # A server, a proposal or a participant may have put a part of it.
    from pratique.cli.safe import printable  # noqa: PLC0415 - only where something went wrong

    return "\n".join(printable(line, LONGEST) for line in text.split("\n"))


if __name__ == "__main__":
    main()
