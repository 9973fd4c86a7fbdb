"""Harm: a card names an address, and whoever checks it calls there: its issuer learns who travels where.

Each text names addresses wherever its scheme has a place for one: an issuer, its keys, a vocabulary, a list of
revocations, an authority's certificates, a link around it. A listener stands behind all of them. The checks run in
a process of their own, in which a socket, a look-up of a name or a process that is started ends the run.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tools.vectors import certificates, keys
from tools.vectors.foreign import (
    card,
    compact,
    credential,
    deflated,
    divoc,
    dose_2d,
    immunization,
    jws,
    light,
    light_claims,
    numeric,
    nzcp,
    patient,
    policy,
    proven,
    seal,
    two_d_doc,
    vaccinated_seal,
)

RUN = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from pratique.parties import inputs, verifier
from tools import measure
held = measure.snapshot()
check = verifier.Check(held, datetime.fromtimestamp({noon}, UTC), inspect=True)

REFUSED = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn", "urllib.",
           "http.", "ftplib.", "smtplib.", "webbrowser.", "ctypes.dlopen")

def watch(event, arguments):
    if event.startswith(REFUSED):
        raise SystemExit("refused: " + event)

sys.addaudithook(watch)
{planted}
for name, text in json.loads(Path(sys.argv[1]).read_text()).items():
    path = Path(sys.argv[1]).with_name("shown.txt")
    path.write_text(text)
    for argument in (text, str(path)):
        for item in inputs.items(argument):
            found = check.judge(item)
            check.lines(item, found), check.row(item, found)
    print(name, found.verdict.colour.value, sorted({{f.code.name for f in found.verdict.findings}}))
print("done")
"""


def texts(address: str) -> dict[str, str]:
    """Return texts of every scheme, good and odd, that name an address."""
    issuer, host = f"{address}/issuer", address.removeprefix("http://").replace(":", "%3A")
    doses = card(patient(), immunization())
    data = vaccinated_seal()
    held = proven(credential())
    link = f"shlink:/{jws({}).split('.')[0]}"
    inner = jws(doses)
    return {
        "known card": inner,
        "card": jws(doses | {"iss": issuer}, by="utopia-cards"),
        "card's jku": jws(doses, jku=f"{address}/jwks.json"),
        "card's x5u": jws(doses, x5u=f"{address}/a.pem"),
        "card's types": numeric(jws(doses | {"vc": doses["vc"] | {"@context": [address], "credentialStatus": {"id": address}}})),
        "card's resource": jws(card(patient(photo=[{"url": address}]), immunization(patient={"reference": f"{address}/Patient/1"}))),
        "file": json.dumps({"verifiableCredential": [inner], "resourceLink": address}),
        "link": link,
        "link behind a viewer": f"{address}/viewer#{link}",
        "pass": nzcp(policy(iss=f"did:web:{host}")),
        "pass's vocabulary": nzcp(policy(vc={"@context": ["https://www.w3.org/2018/credentials/v1", address]})),
        "light": light(light_claims(iss=address)),
        "seal": seal(data),
        "seal's lists": seal(data, certificate=certificates.certificate(points=address)),
        "seal of nobody": seal(data, certificate=certificates.certificate(by="stranger", names_key="stranger", points=address)),
        "2D-DOC behind a link": f"{address}/tousanticovid/wallet2d?v={two_d_doc(dose_2d(), 'L1', by='french-doses').replace(chr(29), '%1D').replace(chr(31), '%1F')}",
        "2D-DOC": two_d_doc(dose_2d(), "L1", by="french-doses", authority="FR98"),
        "credential": divoc(held),
        "credential's vocabulary": divoc(held | {"@context": ["https://www.w3.org/2018/credentials/v1", f"{address}/v1"]}),
        "credential's issuer": divoc(proven(credential(issuer=address), verificationMethod=f"{address}/key")),
        "credential's status": divoc(held | {"credentialStatus": {"id": address, "type": "X"}}),
        "packed": jws(doses, packed=deflated(compact(doses | {"iss": address}))),
    }  # fmt: skip


def run(tmp_path: Path, planted: str = "") -> tuple[subprocess.CompletedProcess[str], list[bytes]]:
    """Check all texts while somebody listens where they point to; return what was said, and who called."""
    called: list[bytes] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        (tmp_path / "texts.json").write_text(json.dumps(texts(address)))
        code = RUN.format(noon=keys.NOON, planted=planted.format(port=listener.getsockname()[1]))
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "texts.json")],
            cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False,
        )  # fmt: skip
        while True:
            try:
                connection, _ = listener.accept()
            except BlockingIOError:
                break
            called.append(b"somebody")
            connection.close()
    return done, called


def test_no_text_of_any_scheme_makes_a_check_call_anybody(tmp_path: Path) -> None:
    done, called = run(tmp_path)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[-1] == "done"
    assert len(lines) == len(texts("http://x")) + 1
    assert called == []
    # None of them is let in for what it points to; the good ones among them are read for all that.
    assert not any(" green " in line for line in lines)
    assert any(line.startswith("known card amber ['NO_RULES']") for line in lines)


@pytest.mark.parametrize(
    "planted",
    [
        "import socket; socket.create_connection(('127.0.0.1', {port}))",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:{port}/')",
        "import socket; socket.getaddrinfo('localhost', 80)",
    ],
)
def test_a_call_would_be_seen(tmp_path: Path, planted: str) -> None:
    done, _ = run(tmp_path, planted)
    assert "refused: " in done.stderr


def test_a_caller_would_be_heard(tmp_path: Path) -> None:
    _, called = run(
        tmp_path,
        "REFUSED = ()\nimport socket; socket.create_connection(('127.0.0.1', {port})).close()",
    )
    assert called == [b"somebody"]
