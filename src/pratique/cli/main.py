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
from click.shell_completion import get_completion_class

from pratique import errors
from pratique.cli import terminal
from pratique.cli.lazy import Lazy
from pratique.errors import PratiqueError

# ----------------------------------------------------------------------------------------------------
# `pratique authority`: what the seats and the secretariat of a network do. One module per verb.


AUTHORITY = {
    "seat": ("pratique.cli.authority:seat", "A seat's key, and the card to hand in."),
    "init": ("pratique.cli.propose:init", "Begin a network: propose its first root."),
    "propose": ("pratique.cli.propose:propose", "Draft what the seats are to sign."),
    "show": ("pratique.cli.proposal:show", "Show a proposal: what changes, who has signed, who is missing."),
    "sign": ("pratique.cli.proposal:sign", "Sign a proposal, on the seat's own machine."),
    "publish": ("pratique.cli.authority:publish", "Publish what enough have signed."),
    "refresh": ("pratique.cli.authority:refresh", "Sign a new timestamp; on a schedule (cron), once an hour."),
    "log": ("pratique.cli.authority:log", "Keep the log, and have its witnesses see what is published."),
    "onboard": ("pratique.cli.authority:onboard", "Record a step of a participant's onboarding."),
    "self-test": ("pratique.cli.authority:self_test", "Try what a participant published, with samples."),
    "status": ("pratique.cli.authority:status", "Show seats, participants, and what ends when."),
    "serve": ("pratique.cli.authority:serve", "Serve the repository to whoever asks."),
}  # fmt: skip


@click.group(cls=Lazy, table=AUTHORITY, extra=("server", "serving"))
def authority() -> None:
    """Found, keep and publish a network; no seat can do it alone."""


# ----------------------------------------------------------------------------------------------------
# Shell completion.


SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script of SHELL; for bash: eval "$(pratique completion bash)"."""
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(pratique, {}, "pratique", "_PRATIQUE_COMPLETE").source())


# ----------------------------------------------------------------------------------------------------
# `pratique issuer`: what a participant's health service does. One module per verb beside this one.


ISSUER = {
    "init": ("pratique.cli.issuer_keys:init", "Make a signing CA and the first signing keys."),
    "keys": ("pratique.cli.issuer_keys:keys", "List, add, rotate and retire signing keys."),
    "preview": ("pratique.cli.records:preview", "Show what would be signed, with remarks; never a signature."),
    "issue": ("pratique.cli.issuer:issue", "Sign certificates: one, or a whole file of people."),
    "print": ("pratique.cli.issuer:print_", "Make printable PDFs of signed certificates."),
    "renew": ("pratique.cli.issuer:renew", "Sign a holder's own certificate anew before it runs out."),
    "correct": ("pratique.cli.issuer:correct", "Issue a corrected certificate, and revoke the wrong one."),
    "revoke": ("pratique.cli.issuer:revoke", "Revoke certificates, for a stated reason, for good."),
    "publish-revocations": ("pratique.cli.issuer:publish_revocations", "Write the revocation lists and their deltas."),
    "backup": ("pratique.cli.issuer:backup", "Copy the register while others write, and note it."),
    "audit": ("pratique.cli.issuer:audit", "Count issues by site and operator, and show what stands out."),
}  # fmt: skip


@click.group(
    cls=Lazy, table=ISSUER, extra=("issuer", "issuing"), was={"lists": "publish-revocations"}
)
def issuer() -> None:
    """Issue, print, renew, correct and revoke health certificates."""
    from pratique.store.files import core_dumps_off  # noqa: PLC0415 - only where keys are opened

    core_dumps_off()


# ----------------------------------------------------------------------------------------------------
# `pratique network`: a network as a whole, ours or another's. One module per verb.


NETWORK = {
    "status": (
        "pratique.cli.network:status",
        "Show who is live, who ends when, and who has lapsed.",
    ),
    "page": (
        "pratique.cli.network:page",
        "Write a page of the network, on a schedule (cron): who is live, what ends.",
    ),
    "export": ("pratique.cli.network:export", "Write what was synced in WHO's forms."),
    "import": ("pratique.cli.network:import_", "Say what of participants' folders is believed."),
}


@click.group(cls=Lazy, table=NETWORK)
def network() -> None:
    """See what of a network ends, before it does; hand it on in WHO's forms."""


# ----------------------------------------------------------------------------------------------------
# `pratique participant`: what a state, territory or organisation does. One module per verb.


PARTICIPANT = {
    "init": ("pratique.cli.participant:init", "Make all keys of a participant."),
    "apply": ("pratique.cli.participant:apply", "Write the dossier to hand in."),
    "check": ("pratique.cli.participant:check", "Check a dossier as the authority will."),
    "publish": ("pratique.cli.participant:publish", "Sign and submit what you publish."),
    "sign": ("pratique.cli.proposal:sign", "Sign a proposal, with another key holder's key."),
    "submit": (
        "pratique.cli.participant:submit",
        "Submit a proposal that enough key holders have signed.",
    ),
    "renew": ("pratique.cli.participant:renew", "Make a successor of every key that ends soon."),
    "export": ("pratique.cli.participant:export", "Take everything along."),
}


@click.group(cls=Lazy, table=PARTICIPANT, was={"send": "submit", "leave": "export"})
def participant() -> None:
    """Take part in a network: keys, dossier, and what you publish."""


# ----------------------------------------------------------------------------------------------------
# `pratique gateway`: the wire API that national back ends speak; both of its sides, a module each.


GATEWAY = {
    "init": ("pratique.cli.gateway:init", "Make a gateway."),
    "load": ("pratique.cli.gateway:load", "Take over who takes part, and value sets."),
    "update": (
        "pratique.cli.gateway:update",
        "Show what the synced network publishes; on a schedule (cron).",
    ),
    "serve": ("pratique.cli.gateway:serve", "Serve it, behind nginx, HAProxy or Caddy."),
    "front": ("pratique.cli.gateway:front_", "Print the configuration of the server in front."),
    "status": ("pratique.cli.gateway:status", "Show who takes part, and what ends when."),
    "audit": ("pratique.cli.gateway:audit", "Show what was done, and by which country."),
    "purge": ("pratique.cli.gateway:purge", "Forget what has ended; on a schedule (cron)."),
    "push": ("pratique.cli.gateway_client:push", "Upload signers, rules and revocations to one."),
    "pull": (
        "pratique.cli.gateway_client:pull",
        "Fetch what one publishes, and check who signed it.",
    ),
}


@click.group(cls=Lazy, table=GATEWAY, extra=("gateway", "a gateway"))
def gateway() -> None:
    """Run a gateway that the EU's and WHO's back ends know, or talk to one."""
    from pratique.store.files import core_dumps_off  # noqa: PLC0415 - only where keys are opened

    core_dumps_off()


# ----------------------------------------------------------------------------------------------------
# `pratique witness`: cosign a log's checkpoints. One module per verb.


WITNESS = {
    "init": ("pratique.cli.witness:init", "Make a witness: its key, and which logs it watches."),
    "show": ("pratique.cli.witness:show", "Show its key, and what it has cosigned."),
    "cosign": ("pratique.cli.witness:cosign", "Cosign a checkpoint that grew out of the last one."),
    "serve": ("pratique.cli.witness:serve", "Cosign what logs post, by HTTP."),
}


@click.group(cls=Lazy, table=WITNESS)
def witness() -> None:
    """Witness a log: say that it has shown one face only."""


# ----------------------------------------------------------------------------------------------------
# `pratique` itself.


COMMANDS = {
    "verify": ("pratique.cli.verify:verify", "Verify health certificates, offline."),
    "decide": ("pratique.cli.decide:decide", "Compute the health code for a destination."),
    "manifest": ("pratique.cli.manifest:manifest", "Check a flight's list, offline."),
    "issuer": ("pratique.cli.main:issuer", "Issue, print, renew, correct and revoke."),
    "desk": ("pratique.cli.desk:desk", "Issue at a counter, in a browser on this machine."),
    "rules": ("pratique.cli.rules:rules", "Write, check, compare and import destinations' rules."),
    "policy": ("pratique.cli.policy:policy", "See whom rules shut out, before they are published."),
    "inspect": ("pratique.cli.inspect:inspect", "Show every layer of a text, unverified."),
    "trust": ("pratique.cli.trust:trust", "Import signers, and show which of them are live."),
    "revocations": (
        "pratique.cli.trust:revocations",
        "Import what issuers have revoked, and show its age.",
    ),
    "sync": ("pratique.cli.sync:sync", "Bring what is held of the network up to date."),
    "snapshot": ("pratique.cli.sync:snapshot", "Hand on what is held as one file."),
    "authority": (
        "pratique.cli.main:authority",
        "Found, keep and publish a network, k of n.",
    ),
    "participant": (
        "pratique.cli.main:participant",
        "Take part in a network: keys, dossier, publishing.",
    ),
    "network": (
        "pratique.cli.main:network",
        "See what of a network ends; hand it on in WHO's forms.",
    ),
    "gateway": (
        "pratique.cli.main:gateway",
        "Run a gateway of the EU's and WHO's wire API, or talk to one.",
    ),
    "witness": ("pratique.cli.main:witness", "Cosign a log's checkpoints."),
    "web": ("pratique.cli.web:web", "Border post and wallet in a browser: build, serve."),
    "monitor": (
        "pratique.cli.monitor:monitor",
        "See whether what the network says of you is what you said.",
    ),
    "conformance": ("pratique.cli.conformance:conformance", "Run a folder of test cases."),
    "demo": ("pratique.cli.demo:demo", "Show one traveller at one border."),
    "completion": ("pratique.cli.main:completion", "Print a shell's completion script."),
}
INPUT_OUTPUT = 4
INTERRUPTED = 130


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
    "-V", "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
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
        if not errors.unforeseen(error):
            raise
        code = errors.EXIT_UNFORESEEN
        # Standard error may be what is broken.
        with contextlib.suppress(Exception):
            terminal.complaint(
                f"stopped by a fault of this program: {errors.place_of(error)}", errors.HINT
            )
    sys.exit(terminal.end(code))


def _colours() -> bool | None:
    # https://no-color.org and https://force-color.org: the first wins; without either, colours at a terminal.
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR", "0") not in {"", "0"} else None


def _run(arguments: list[str] | None) -> int:
    try:
        outcome = pratique.main(
            arguments,
            prog_name="pratique",
            standalone_mode=False,
            color=_colours(),
        )
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return error.exit_code
    except click.exceptions.Abort:
        terminal.complaint("interrupted")
        return INTERRUPTED
    except click.ClickException as error:
        message, ctx = error.format_message().strip().rstrip("."), getattr(error, "ctx", None)
        hint = f"{ctx.command_path} --help" if ctx is not None else ""
        terminal.complaint(message[:1].lower() + message[1:], hint)
        return error.exit_code
    except PratiqueError as error:
        terminal.complain(error)
        return error.exit_code
    except BrokenPipeError:
        raise
    except OSError as error:
        terminal.complaint(error.strerror or type(error).__name__)
        return INPUT_OUTPUT
    return outcome if isinstance(outcome, int) else 0
