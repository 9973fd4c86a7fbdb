"""DIVOC: each trap and each kind of tampering is refused by the check that is there for it."""

from __future__ import annotations

import base64
import json
import socket
import sys
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.authenticate import authenticate, conclude_one, read
from pratique.crypto import algorithms
from pratique.findings import Code, Colour, Finding
from pratique.formats import archive, credential, divoc, rdf
from pratique.formats.codes import COVID
from pratique.formats.fields import Sealed
from pratique.model import HealthCertificate, Precision, Vaccination
from pratique.snapshot import Snapshot
from pratique.terms import Algorithm, Environment, Scheme
from pratique.trust import certificates, schemes
from pratique.trust.signer import Signer, TrustList
from tests.schemes import divoc as made
from tests.schemes.divoc import Options, Zip
from tests.travellers import JO, dose

AT = int(datetime(2022, 3, 1, 12, tzinfo=UTC).timestamp())
Verdict = tuple[Colour, dict[Code, str], HealthCertificate | None]


def judged(
    text: str, *signers: Signer, environment: Environment = Environment.PRODUCTION
) -> Verdict:
    """Verify a text with these keys: colour, findings with their places, the certificate."""
    trust = TrustList(signers or [made.signer()])
    snapshot = Snapshot(number=1, created=0, environment=environment, trust=trust)
    message = read(text)
    found = conclude_one(message, authenticate(message, snapshot), snapshot, AT)
    findings: dict[Code, str] = {
        one.code: one.where for one in found.verdict.findings if one.code is not Code.NO_RULES
    }
    return found.verdict.colour, findings, found.certificate


def entry(text: str, *signers: Signer) -> Vaccination:
    """Return the one dose of a genuine certificate."""
    _, _, certificate = judged(text, *signers)
    assert certificate is not None
    (one,) = certificate.entries
    assert isinstance(one, Vaccination)
    return one


# ----------------------------------------------------------------------------------------------------
# What is genuine.


@pytest.mark.parametrize("key", ["Ed25519", "RSA"])
@pytest.mark.parametrize("context", ["v1", "v2"])
def test_a_genuine_certificate_is_read(key: str, context: str) -> None:
    private = made.EDWARDS if key == "Ed25519" else made.rsa()
    changes: dict[str, Any] = {}
    if context == "v1":
        holder, shot = made.person(), made.dose()
        for name in ("icd11Code", "prophylaxis"):
            del shot[name]
        del holder["dob"]
        changes = {"@context": made.V1, "credentialSubject": holder, "evidence": [shot]}
    colour, findings, certificate = judged(made.make(private, **changes), made.signer(private))
    assert (colour, findings) == (Colour.AMBER, {})
    assert certificate is not None
    assert certificate.domain == Scheme.DIVOC.value
    assert certificate.issued_at == 1639216800
    assert certificate.expires_at is None
    person, (shot_,) = certificate.person, certificate.entries
    assert (person.surname, person.forename, person.sex) == ("Jo Bloggs", None, "F")
    assert (person.identifier, person.identifier_type) == ("XA1234567", "PPN")
    assert (person.birth_date is None) == (context == "v1")
    assert isinstance(shot_, Vaccination)
    assert shot_[:6] == ("840539006", "29061000087103", "Covishield", "ORG-100001981", 2, 3)
    assert shot_.given is not None
    assert (shot_.given.precision, shot_.given.text()) == (Precision.DAY, "2021-12-10")
    assert (shot_.country, shot_.identifier, shot_.lot) == ("XA", None, "AB348FS")
    assert (shot_.site, shot_.unmapped) == ("Harbour Clinic", ())


def test_neutral_values_are_written_and_read_again() -> None:
    shot = dose(product="Covaxin", number=2, needed=2)
    found = entry(made.text(JO, [shot]))
    assert (found.product, found.dose, found.doses) == ("Covaxin", 2, 2)
    assert found.given == shot.given


@pytest.mark.parametrize("how", [Zip(method=0), Zip(described=True), Zip(described=True, signed_descriptor=False),
                                 Zip(flags=0x0800), Zip(local_extra=b"UT\x05\0\x03abcd", extra=b"UT\x01\0\0")])  # fmt: skip
def test_every_usual_way_of_writing_an_archive_is_read(how: Zip) -> None:
    assert entry(made.make(how=how)).product == "Covishield"


def test_the_corpora_s_cases_come_out_as_they_say(corpora: Path) -> None:
    cases = json.loads((corpora / "manifest.json").read_bytes())["cases"]
    seen = 0
    for case in cases:
        if case["kind"] != "divoc" or case.get("judge") != "must":
            continue
        seen += 1
        text = (corpora / case["files"][0]).read_text().strip()
        message = read(text)
        if not isinstance(message, Sealed):
            assert not case["expected"]["accept"], case["id"]
            continue
        key = (corpora / case["trust"]).read_bytes()
        reading = schemes.read_divoc_key(key, issuer=message.issuer, method=message.kid.decode())
        (signer,) = certificates.collect([reading], environment=Environment.PRODUCTION)
        colour, _, certificate = judged(
            text, signer._replace(countries=frozenset({"IN"})), environment=signer.environment
        )
        accepted = certificate is not None and colour is not Colour.RED
        assert accepted == case["expected"]["accept"], case["id"]
        good = algorithms.load(signer.algorithm, signer.public_key)
        assert good(message.signature, message.message) == case["expected"]["signature_valid"]
    assert seen


# ----------------------------------------------------------------------------------------------------
# Traps: what the signature does not cover.


@pytest.mark.parametrize(
    ("place", "member", "where"),
    [
        ("credentialSubject", "dob", "credentialSubject.dob"),
        ("credentialSubject", "passport", "credentialSubject"),
        ("evidence", "icd11Code", "evidence[0].icd11Code"),
        ("evidence", "result", "evidence[0]"),
        ("facility", "country", "evidence[0].facility"),
        ("address", "latitude", "credentialSubject.address"),
        ("", "dob", "dob"),
        ("", "nonTransferrable", "credential"),
    ],
)
def test_a_member_that_no_context_defines_is_refused(place: str, member: str, where: str) -> None:
    holder, shot = made.person(), made.dose()
    del holder["dob"], shot["icd11Code"], shot["prophylaxis"]
    signed = made.prove(
        made.document(**{"@context": made.V1, "credentialSubject": holder, "evidence": [shot]})
    )
    inside = {
        "": signed, "credentialSubject": holder, "evidence": shot, "facility": shot["facility"],
        "address": holder["address"],
    }[place]  # fmt: skip
    assert judged(made.pack(signed))[1] == {}
    inside[member] = "2001-01-01"
    colour, findings, certificate = judged(made.pack(signed))
    assert (colour, findings, certificate) == (Colour.RED, {Code.TERM_UNSIGNED: where}, None)


def test_a_type_that_no_context_defines_is_refused() -> None:
    for kind in (["Vaccination", "TestDetails"], ["Vaccination", "vaccination"]):
        changed = made.prove(made.document())
        changed["evidence"][0]["type"] = kind
        _, findings, _ = judged(made.pack(changed))
        assert findings == {Code.TERM_UNSIGNED: "evidence[0].type"}


@pytest.mark.parametrize("place", ["credentialSubject", "evidence"])
def test_an_object_without_its_type_says_nothing_that_is_signed(place: str) -> None:
    holder, shot = made.person(), made.dose()
    del (holder if place == "credentialSubject" else shot)["type"]
    text = made.make(credentialSubject=holder, evidence=[shot])
    where = {"credentialSubject": "credentialSubject.type", "evidence": "evidence[0].type"}[place]
    assert judged(text)[1] == {Code.TERM_UNSIGNED: where}


def test_what_is_said_of_no_address_is_refused() -> None:
    # A bare national number, say. Its issuer has signed nothing of the holder.
    text = made.make(credentialSubject=made.person(id="2342343334"))
    assert judged(text)[1] == {Code.TERM_UNSIGNED: "credentialSubject.id"}


CONTEXTS_REFUSED: list[Any] = [
    [credential.FIRST_CONTEXT, "https://evil.example/credentials/vaccination/v1"],
    [credential.FIRST_CONTEXT, "https://cowin.gov.in.example/credentials/vaccination/v1"],
    [credential.FIRST_CONTEXT, "http://cowin.gov.in/credentials/vaccination/v1"],
    [credential.FIRST_CONTEXT, "https://cowin.gov.in/credentials/vaccination/v1#"],
    [credential.FIRST_CONTEXT, "https://COWIN.gov.in/credentials/vaccination/v1"],
    [credential.FIRST_CONTEXT], ["https://evil.example/credentials/v1", made.CONTEXTS[1]],
    [made.CONTEXTS[1], made.CONTEXTS[0]],
    [*made.CONTEXTS, {"dob": "https://schema.org/date"}],
    [*made.CONTEXTS, made.CONTEXTS[1]],
    [credential.FIRST_CONTEXT, {"@vocab": "https://schema.org/"}],
    [credential.FIRST_CONTEXT, ["https://cowin.gov.in/credentials/vaccination/v1"]],
    {"name": "https://schema.org/name"}, made.CONTEXTS[1], None, [],
]  # fmt: skip


@pytest.mark.parametrize("contexts", CONTEXTS_REFUSED)
def test_a_context_that_is_not_in_the_table_is_a_doubt_and_never_fetched(contexts: Any) -> None:
    colour, findings, certificate = judged(made.make(signed={"@context": contexts}))
    assert (colour, findings) == (Colour.AMBER, {Code.CONTEXT_UNKNOWN: "@context"})
    assert certificate is None


def _in(place: str, **changes: Any) -> dict[str, Any]:
    """Return changes to a part of a document."""
    if place == "credentialSubject":
        return {place: made.person(**changes)}
    if place == "evidence":
        return {place: [made.dose(**changes)]}
    return changes


@pytest.mark.parametrize(
    ("place", "changes", "where"),
    [
        ("", {"@graph": []}, "credential"),
        ("", {"@included": []}, "credential"),
        ("credentialSubject", {"@context": {"dob": "https://schema.org/date"}}, "credentialSubject"),
        ("credentialSubject", {"@id": "did:arcadia:2"}, "credentialSubject"),
        ("credentialSubject", {"@reverse": {}}, "credentialSubject"),
        ("evidence", {"@nest": {"dose": 3}}, "evidence[0]"),
        ("evidence", {"@type": "Vaccination"}, "evidence[0]"),
        # The attack: a signed value under its full name, so that another can stand under its term.
        ("evidence", {"https://schema.org/doseValue": 1}, "evidence[0]"),
        ("evidence", {"schema:doseValue": 1}, "evidence[0]"),
        ("evidence", {"dose": [1, 2]}, "evidence[0].dose"),
        ("evidence", {"dose": {"@value": 2}}, "evidence[0].dose"),
        ("evidence", {"batch": {"@list": ["a"]}}, "evidence[0].batch"),
        ("evidence", {"facility": [{"name": "x"}]}, "evidence[0].facility"),
        ("evidence", {"facility": "x"}, "evidence[0].facility"),
        ("evidence", {"type": [["Vaccination"]]}, "evidence[0].type"),
        ("evidence", {"type": "vac:Vaccination"}, "evidence[0].type"),
        ("evidence", {"type": "@json"}, "evidence[0].type"),
        ("evidence", {"id": "_:b0"}, "evidence[0].id"),
        ("evidence", {"id": "schema:id"}, "evidence[0].id"),
        ("evidence", {"id": "@id"}, "evidence[0].id"),
        ("evidence", {"id": "did:a> <urn:p> <urn:o> .\n<did:b"}, "evidence[0].id"),
        ("evidence", {"id": ["did:a:b"]}, "evidence[0].id"),
        ("", {"credentialSubject": [made.person()]}, "credentialSubject"),
        ("", {"credentialSubject": "did:arcadia:1"}, "credentialSubject"),
        ("", {"evidence": "did:arcadia:1"}, "evidence"),
        ("", {"evidence": ["did:arcadia:1"]}, "evidence[0]"),
        ("", {"evidence": {"@set": []}}, "evidence"),
        ("", {"issuer": {"id": made.ISSUER}}, "issuer"),
        ("", {"issuanceDate": 2021}, "issuanceDate"),
    ],
)  # fmt: skip
def test_another_way_of_saying_the_same_thing_is_refused(
    place: str, changes: dict[str, Any], where: str
) -> None:
    colour, findings, certificate = judged(made.make(signed=_in(place, **changes)))
    assert (colour, findings) == (Colour.RED, {Code.TERM_REFUSED: where})
    assert certificate is None


def test_one_object_taken_apart_into_two_of_one_name_is_refused() -> None:
    # The attack: the same statements, and a second dose that is read as the first.
    whole = made.prove(made.document())
    shot = whole["evidence"][0]
    rest = {name: shot.pop(name) for name in ("dose",)}
    whole["evidence"].append({"id": shot["id"], "type": ["Vaccination"], "totalDoses": 2, **rest})
    assert judged(made.pack(whole))[1] == {Code.TERM_REFUSED: "evidence[1].id"}


def test_more_evidence_than_any_certificate_has_is_refused() -> None:
    many = [made.dose(id=f"did:a:{at}") for at in range(credential.MOST_ENTRIES + 1)]
    assert judged(made.make(evidence=many))[1] == {Code.JSON_LIMITS: "evidence"}


# ----------------------------------------------------------------------------------------------------
# Traps: terms of one address, which a holder can change round under a good signature.


def swapped(place: str = "evidence", before: dict[str, Any] | None = None, **after: Any) -> Verdict:
    """Verify a certificate in which members were changed round after it was signed."""
    whole = made.prove(made.document(evidence=[made.dose(**(before or {}))]))
    whole[place][0].update(after)
    return judged(made.pack(whole))


def test_the_signature_does_not_tell_number_and_total_apart() -> None:
    colour, findings, certificate = swapped(dose=3, totalDoses=2)
    assert (colour, findings) == (Colour.AMBER, {Code.TERMS_ALIKE: "evidence[0].dose"})
    assert certificate is not None
    (one,) = certificate.entries
    assert isinstance(one, Vaccination)
    assert (one.dose, one.doses, one.unmapped) == (None, None, ("dn", "sd"))


def test_one_of_one_may_be_a_first_dose_whose_total_is_not_said() -> None:
    colour, findings, certificate = swapped(before={"dose": 1, "totalDoses": None}, totalDoses=1)
    assert Code.SIGNATURE_INVALID not in findings
    assert (colour, findings) == (Colour.AMBER, {Code.NOT_MAPPED: "evidence[0].dose"})
    assert certificate is not None
    (one,) = certificate.entries
    assert isinstance(one, Vaccination)
    assert (one.dose, one.doses, one.unmapped) == (None, None, ("dn", "sd"))


@pytest.mark.parametrize(
    ("number", "total", "read_as"),
    [
        (1, 2, (1, 2)), (2, 2, (2, 2)), ("1", "2", (1, 2)), (3, 3, (3, 3)),
        (1, 1, (None, None)), ("", "", (None, None)), (2, None, (None, None)), (None, 2, (None, None)),
        (2, "", (None, None)), ("", 2, (None, None)), (0, 2, (None, None)), (-1, 2, (None, None)),
        (True, 2, (None, None)), ("one", "two", (None, None)), ("\u0661", "\u0662", (None, None)), (1, 100, (None, None)),
    ],
)  # fmt: skip
def test_numbers_are_read_where_both_are_plain(
    number: Any, total: Any, read_as: tuple[Any, Any]
) -> None:
    found = entry(made.make(evidence=[made.dose(dose=number, totalDoses=total)]))
    assert (found.dose, found.doses) == read_as
    assert ("dn" in found.unmapped, "sd" in found.unmapped) == (
        (read_as[0] is None),
        read_as[1] is None,
    )


def test_the_signature_does_not_tell_the_dates_apart() -> None:
    until = made.dose()["effectiveUntil"]
    colour, findings, certificate = swapped(date=until, effectiveUntil=made.dose()["date"])
    assert (colour, findings) == (Colour.AMBER, {Code.TERMS_ALIKE: "evidence[0].date"})
    assert certificate is not None
    (one,) = certificate.entries
    assert isinstance(one, Vaccination)
    assert one.given is None


@pytest.mark.parametrize(
    ("date", "start", "until", "given"),
    [
        ("2021-12-10T19:30:00Z", "2021-12-10", "2022-12-10", "2021-12-10"),
        # A day in India, an instant in UTC.
        ("2021-12-10T01:30:00Z", "2021-12-09", "", "2021-12-10"),
        ("2021-12-10T01:30:00Z", "2021-12-08", "", None),
        ("2021-12-10", "2021-12-10", "2021-12-10", "2021-12-10"),
        ("2021-12-10", "2021-12-09", "", None),
        ("2021-12-10T01:30:00Z", "2021-12-09T01:30:00Z", "", None),
        ("2021-12-10", "2021-12-11T01:30:00Z", "", "2021-12-10"),
        # What cannot be read may have stood in its place.
        ("2021-12-10", "10/02/2021", "", None),
        ("2021-12-10", "2021-12-11T01:30:00Z", "soon", None),
        ("2021-12-10", None, None, "2021-12-10"),
        ("", None, None, None),
        ("10/12/2021", None, None, None),
    ],
)  # fmt: skip
def test_a_dose_s_day_is_read_where_no_other_could_stand_in_its_place(
    date: str, start: str | None, until: str | None, given: str | None
) -> None:
    found = entry(
        made.make(evidence=[made.dose(date=date, effectiveStart=start, effectiveUntil=until)])
    )
    assert (found.given.text() if found.given else None) == given


def test_the_signature_does_not_tell_the_vaccine_and_the_maker_apart() -> None:
    before = {"vaccine": "Covaxin", "manufacturer": "Pfizer", "icd11Code": None}
    colour, findings, certificate = swapped(before=before, vaccine="Pfizer", manufacturer="Covaxin")
    assert (colour, findings) == (Colour.AMBER, {Code.TERMS_ALIKE: "evidence[0].vaccine"})
    assert certificate is not None
    (one,) = certificate.entries
    assert isinstance(one, Vaccination)
    assert one[:4] == (COVID, *(None,) * 3)
    assert one.unmapped == ("vp", "mp", "ma")


def test_no_certificate_s_number_that_a_batch_s_could_replace_is_an_identifier() -> None:
    shot = made.dose()
    for after in ({}, {"certificateId": shot["batch"], "batch": shot["certificateId"]}):
        colour, findings, certificate = swapped(**after)
        # The signature is good of both.
        assert (colour, findings) == (Colour.AMBER, {})
        assert certificate is not None
        (dose_,) = certificate.entries
        assert isinstance(dose_, Vaccination)
        assert dose_.identifier is None


@pytest.mark.parametrize(
    ("vaccine", "maker", "icd", "disease"),
    [
        ("COMIRNATY", "Moderna", None, COVID),
        ("COVAXIN", "", "XM5DF6", COVID),
        ("something", "Moderna", "XM8NQ0", COVID),
        ("COMIRNATY", "", "XM0N24", None),
    ],
)
def test_a_vaccine_that_others_contradict_is_none(
    vaccine: str, maker: str, icd: str | None, disease: str | None
) -> None:
    text = made.make(evidence=[made.dose(vaccine=vaccine, manufacturer=maker, icd11Code=icd)])
    found = entry(text)
    assert found[:4] == (disease, None, None, None)
    assert {"vp", "mp", "ma"} <= set(found.unmapped)
    assert ("tg" in found.unmapped) is (disease is None)
    assert Code.TERMS_ALIKE in judged(text)[1]


def test_a_maker_that_may_have_stood_beside_another_vaccine_names_none() -> None:
    before = {"vaccine": "Prevenar 13", "manufacturer": "Pfizer", "icd11Code": None}
    _, findings, certificate = swapped(
        before=before, vaccine="Pfizer", manufacturer="Prevenar 13", icd11Code=None
    )
    assert Code.NOT_MAPPED in findings
    assert certificate is not None
    (one,) = certificate.entries
    assert isinstance(one, Vaccination)
    assert one.disease is None


@pytest.mark.parametrize(
    ("vaccine", "maker", "icd", "product", "unmapped"),
    [
        ("COVISHIELD", "Serum Institute of India", "XM97T2", "Covishield", ()),
        ("COVISHIELD", "AstraZeneca", "XM9QW8", "Covishield", ()),
        ("covaxin", "Bharat Biotech", "XM1NL1", "Covaxin", ()),
        ("COVAXIN", "Bharat Biotech", "XM68M6", "Covaxin", ()),
        ("Sputnik V", "", "", "Sputnik-V", ()),
        ("COVID-19 Vaccine Pfizer", "", None, None, ("mp", "ma")),
        ("Vaccine of Arcadia", "", "XM9QW8", None, ("mp", "ma")),
        ("COMIRNATY", "Pfizer", "XM0GQ8", "EU/1/20/1528", ()),
        ("Moderna", "", "XM3DT5", "EU/1/20/1507", ()),
        ("Zabdeno Janssen", "", None, None, ("tg", "vp", "mp", "ma")),
        ("CoVax", "COVPharma", None, None, ("tg", "vp", "mp", "ma")),
        ("", "", None, None, ("tg", "vp", "mp", "ma")),
        (5, 6, 7, None, ("tg", "vp", "mp", "ma")),
    ],
)  # fmt: skip
def test_a_vaccine_is_read_as_far_as_it_is_surely_said(
    vaccine: Any, maker: Any, icd: Any, product: str | None, unmapped: tuple[str, ...]
) -> None:
    shot = made.dose(vaccine=vaccine, manufacturer=maker, icd11Code=icd)
    text = made.make(evidence=[shot])
    found = entry(text)
    assert (found.product, found.unmapped) == (product, unmapped)
    assert (Code.NOT_MAPPED in judged(text)[1]) == bool(unmapped)


# ----------------------------------------------------------------------------------------------------
# Proof and key.


@pytest.mark.parametrize(
    ("options", "code", "where"),
    [
        (Options({"type": "Ed25519Signature2020"}), Code.HEADER_REFUSED, "proof.type"),
        (Options({"type": "JsonWebSignature2020"}), Code.HEADER_REFUSED, "proof.type"),
        (Options({"type": "RsaSignature2018"}), Code.HEADER_REFUSED, "proof.jws"),
        (Options({"proofPurpose": "authentication"}), Code.HEADER_REFUSED, "proof.proofPurpose"),
        (Options({"verificationMethod": "india"}), Code.HEADER_REFUSED, "proof.verificationMethod"),
        (Options({"verificationMethod": "sec:x"}), Code.HEADER_REFUSED, "proof.verificationMethod"),
        (Options({"nonce": "1"}), Code.HEADER_REFUSED, "proof"),
        (Options({"created": None}), Code.HEADER_REFUSED, "proof"),
        (Options({"created": 5}), Code.HEADER_REFUSED, "proof"),
        (Options(header={"alg": "none"}), Code.HEADER_REFUSED, "proof.jws"),
        (Options(header={"alg": "PS256"}), Code.HEADER_REFUSED, "proof.jws"),
        (Options(header={"alg": "ES256"}), Code.HEADER_REFUSED, "proof.jws"),
        (Options(header={"b64": True}), Code.HEADER_REFUSED, "proof.jws"),
        (Options(header={"b64": 0}), Code.HEADER_REFUSED, "proof.jws"),
        (Options(header={"b64": None}), Code.HEADER_REFUSED, "proof.jws"),
        (Options(header={"crit": None}), Code.HEADER_REFUSED, "proof.jws"),
        (Options(header={"crit": ["b64", "exp"]}), Code.HEADER_REFUSED, "proof.jws"),
        (Options(header={"kid": "1"}), Code.HEADER_REFUSED, "proof.jws"),
        (Options(header={"jwk": {}}), Code.HEADER_REFUSED, "proof.jws"),
        (Options(size=1), Code.SIGNATURE_FORM, "proof.jws"),
        (Options(size=-1), Code.SIGNATURE_FORM, "proof.jws"),
        (Options({"jws": "eyJ..AA"}), Code.HEADER_REFUSED, "proof.jws"),
        (Options({"jws": ""}), Code.HEADER_REFUSED, "proof.jws"),
    ],
)
def test_a_proof_of_which_not_all_fits_together_is_refused(
    options: Options, code: Code, where: str
) -> None:
    colour, findings, certificate = judged(made.make(options=options))
    assert (colour, findings, certificate) == (Colour.RED, {code: where}, None)


def test_a_jws_that_holds_its_payload_is_refused() -> None:
    whole = made.prove(made.document())
    head, _, signature = whole["proof"]["jws"].split(".")
    for jws, code in (
        (f"{head}.e30.{signature}", Code.HEADER_REFUSED),
        (f"{head}.{signature}", Code.HEADER_REFUSED),
        (f"{head}..{signature}=", Code.SIGNATURE_FORM),
        (f"{head}..{signature}.", Code.SIGNATURE_FORM),
        (f"{head}..+{signature[1:]}", Code.SIGNATURE_FORM),
    ):
        proof = {**whole["proof"], "jws": jws}
        assert judged(made.pack({**whole, "proof": proof}))[1] == {code: "proof.jws"}


@pytest.mark.parametrize("proofs", [None, [], "x"])
def test_there_is_one_proof(proofs: Any) -> None:
    assert judged(made.make(signed={"proof": proofs}))[1] == {Code.HEADER_REFUSED: "proof"}
    whole = made.prove(made.document())
    twice = {**whole, "proof": [whole["proof"], whole["proof"]]}
    assert judged(made.pack(twice))[1] == {Code.HEADER_REFUSED: "proof"}


@pytest.mark.parametrize(
    "changes",
    [
        {"credentialSubject": made.person(name="Sam Sample")},
        {"credentialSubject": made.person(dob="1981-02-03")},
        {"evidence": [made.dose(dose=3)]},
        {"evidence": [made.dose(date="2022-01-10T09:21:19.646Z")]},
        {"evidence": [made.dose(vaccine="COVAXIN")]},
        {"issuanceDate": "2022-01-11T10:00:00.000Z"},
        {"expirationDate": "2032-01-11T10:00:00.000Z"},
    ],
)
def test_a_change_of_what_is_signed_is_seen(changes: dict[str, Any]) -> None:
    colour, findings, certificate = judged(made.make(signed=changes))
    assert (colour, certificate) == (Colour.RED, None)
    assert set(findings) == {Code.SIGNATURE_INVALID}


@pytest.mark.parametrize("member", ["created", "verificationMethod"])
def test_a_change_of_the_proof_s_own_options_is_seen(member: str) -> None:
    whole = made.prove(made.document())
    whole["proof"][member] = {"created": "2020-01-01T00:00:00Z", "verificationMethod": "did:other"}[
        member
    ]
    other = made.signer(method="did:other")
    assert set(judged(made.pack(whole), made.signer(), other)[1]) == {Code.SIGNATURE_INVALID}


def test_a_key_is_of_one_issuer_and_one_name() -> None:
    text = made.make()
    # The attack: "did:india" is everybody's name for a key.
    for stranger in (
        made.signer(issuer="https://health.arcadia.example"),
        made.signer(issuer="https://other.example/"),
        made.signer(method="did:arcadia#1"),
        made.signer()._replace(domain=Scheme.NZCP.value),
        made.signer()._replace(domain="DCC", issuer=""),
    ):
        colour, findings, certificate = judged(text, stranger)
        assert (colour, certificate) == (Colour.AMBER, None)
        assert findings == {Code.SIGNER_UNKNOWN: Scheme.DIVOC.value}


def test_proof_and_key_are_of_one_kind() -> None:
    text = made.make(made.EDWARDS)
    assert set(judged(text, made.signer(made.rsa()))[1]) == {Code.ALGORITHM_REFUSED}
    # A record that names another algorithm than its key's is never used with it.
    odd = made.signer()._replace(algorithm=Algorithm.PS256)
    assert set(judged(text, odd)[1]) == {Code.SIGNER_UNREADABLE}


def test_a_specimen_is_none_in_production() -> None:
    test = made.signer()._replace(environment=Environment.TEST)
    assert set(judged(made.make(), test)[1]) == {Code.ENVIRONMENT_WRONG}


# ----------------------------------------------------------------------------------------------------
# Content.


def test_a_national_identity_number_is_nowhere() -> None:
    for holder in (
        "did:in.gov.uidai.aadhaar:234234333412", "did:Passport:Dummy256", "did:Aadhaar Card:234234333412",
        "did:in.gov.passport:",
    ):  # fmt: skip
        _, _, certificate = judged(made.make(credentialSubject=made.person(id=holder)))
        assert certificate is not None
        assert certificate.person.identifier is None
        shown = repr(certificate.payload)
        for secret in (holder, "39791185041847", "Harbour", "Sam Sample", "1234567"):
            assert secret not in shown


def test_the_end_that_a_certificate_states_counts() -> None:
    for term in ("expirationDate", "validUntil"):
        ends: dict[str, Any] = {term: "2022-01-01T00:00:00Z"}
        text = made.make(**ends)
        assert set(judged(text)[1]) == {Code.EXPIRED}
    assert set(judged(made.make(validFrom="2023-01-01T00:00:00Z"))[1]) == {Code.NOT_YET_VALID}
    assert set(judged(made.make(issuanceDate="soon"))[1]) >= {Code.INSTANT_UNREADABLE}
    assert set(judged(made.make(issuanceDate=None))[1]) == {Code.ISSUED_MISSING}
    both = made.make(expirationDate="2022-01-01", validUntil="2032-01-01T00:00:00Z")
    assert set(judged(both)[1]) == {Code.EXPIRED}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"issuer": None}, Code.FIELD_MISSING),
        ({"credentialSubject": None}, Code.FIELD_MISSING),
        ({"credentialSubject": made.person(name=None)}, Code.NAME_MISSING),
        ({"credentialSubject": made.person(name=" - ")}, Code.NAME_MISSING),
        ({"credentialSubject": made.person(name=5)}, Code.NAME_MISSING),
        ({"evidence": None}, Code.NO_EVENT),
        ({"evidence": []}, Code.NO_EVENT),
        ({"evidence": [made.dose(date=None)]}, Code.FIELD_MISSING),
        ({"evidence": [made.dose(date="10/12/2021")]}, Code.DATE_UNREADABLE),
        ({"credentialSubject": made.person(dob="03-02-1980")}, Code.DATE_UNREADABLE),
        ({"credentialSubject": made.person(dob="2025-01-01")}, Code.BORN_AFTER_ISSUE),
    ],
)
def test_content_that_says_nothing_usable_is_told(changes: dict[str, Any], code: Code) -> None:
    colour, findings, _ = judged(made.make(**changes))
    assert code in findings
    assert colour is not Colour.GREEN


def test_an_unknown_birth_date_is_none() -> None:
    for changes in ({"dob": None}, {"dob": ""}):
        _, findings, certificate = judged(made.make(credentialSubject=made.person(**changes)))
        assert findings == {}
        assert certificate is not None
        assert certificate.person.birth_date is None


def test_one_entry_may_stand_without_a_list_and_several_in_one() -> None:
    assert entry(made.make(evidence=made.dose())).dose == 2
    two = [made.dose(id=f"did:a:{at}", dose=at) for at in (1, 2)]
    _, findings, certificate = judged(made.make(evidence=two))
    assert findings == {}
    assert certificate is not None
    assert [one.dose for one in certificate.entries if isinstance(one, Vaccination)] == [1, 2]


# ----------------------------------------------------------------------------------------------------
# Text, archive and JSON.


FILE = b'{"a": 1}'
NAME = "certificate.json"


@pytest.mark.parametrize(
    ("how", "what"),
    [
        (Zip(entries=2), "entries"), (Zip(entries=0), "entries"), (Zip(entries=2, twice=True), "entries"),
        (Zip(disk=1), "entries"), (Zip(twice=True), "headers"),
        (Zip(name="other.json"), "name"), (Zip(name="x/certificate.json"), "name"),
        (Zip(name="../certificate.json"), "name"), (Zip(name="/certificate.json"), "name"),
        (Zip(name="certificate.json\0"), "name"), (Zip(name="CERTIFICATE.JSON"), "name"),
        (Zip(local_name="certificate.jsom"), "name"), (Zip(local_name="a"), "name"),
        (Zip(flags=1), "encryption"), (Zip(flags=0x40), "encryption"), (Zip(flags=0x2000), "encryption"),
        (Zip(method=12), "method"), (Zip(method=99), "method"),
        (Zip(local_flags=0x0800), "headers"), (Zip(local_flags=1), "headers"),
        (Zip(local=(0, 0, 0)), "headers"), (Zip(local=(1, 10, 8)), "headers"),
        (Zip(described=True, local=(0, 5, 0)), "headers"),
        (Zip(comment=b"x"), "gaps"), (Zip(after=b"x"), "gaps"), (Zip(after=bytes(30)), "gaps"),
        (Zip(between=b"x"), "gaps"), (Zip(offset=4), "headers"), (Zip(packed=2), "gaps"), (Zip(packed=200), "gaps"),
    ],
)  # fmt: skip
def test_an_archive_that_says_two_things_is_refused(how: Zip, what: str) -> None:
    found = archive.only_file(made.archive(FILE, how), NAME, longest=1000)
    assert found == Finding(Code.ARCHIVE_REFUSED, what)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.COMPRESSION_INVALID),
        (b"PK\x03\x04", Code.COMPRESSION_INVALID),
        (b"x" * 100, Code.COMPRESSION_INVALID),
        (made.archive(FILE)[:-1], Code.COMPRESSION_INVALID),
        (made.archive(FILE, Zip(before=b"x")), Code.COMPRESSION_INVALID),
        (made.archive(FILE, Zip(checksum=1)), Code.COMPRESSION_INVALID),
        (made.archive(FILE, Zip(unpacked=7)), Code.COMPRESSION_INVALID),
        (made.archive(FILE, Zip(unpacked=0xFFFFFFFF)), Code.COMPRESSION_INVALID),
        (made.archive(FILE, Zip(content=b"\xff\xff\xff")), Code.COMPRESSION_INVALID),
        (made.archive(FILE, Zip(content=zlib.compress(FILE)[2:-6])), Code.COMPRESSION_INVALID),
        (made.archive(FILE, Zip(content=zlib.compress(FILE)[2:-4] + b"x")), Code.COMPRESSION_TRAILING),
        (made.archive(bytes(1001)), Code.COMPRESSION_BOMB),
        (made.archive(bytes(1001), Zip(method=0)), Code.COMPRESSION_BOMB),
        (made.archive(bytes(10**7), Zip(unpacked=8)), Code.COMPRESSION_BOMB),
    ],
)  # fmt: skip
def test_a_damaged_archive_and_a_bomb_are_told_apart(data: bytes, code: Code) -> None:
    found = archive.only_file(data, NAME, longest=1000)
    assert isinstance(found, Finding)
    assert found.code is code


WHOLE = made.archive(FILE)
DIRECTORY = WHOLE.index(b"PK\x01\x02")


def _patched(at: int, octets: bytes) -> bytes:
    return WHOLE[:at] + octets + WHOLE[at + len(octets) :]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        # A comment is told and is not there; a directory's entry has no sign, is on another disk, is of no length.
        (WHOLE[:-2] + b"\x01\0", "gaps"),
        (_patched(DIRECTORY + 3, b"\x03"), "headers"),
        (_patched(DIRECTORY + 34, b"\x01"), "headers"),
        (WHOLE[:DIRECTORY] + WHOLE[-22:-10] + (0).to_bytes(4, "little") + DIRECTORY.to_bytes(4, "little") + b"\0\0", "gaps"),
        # No header before the directory.
        (b"PK\x03\x04" + WHOLE[DIRECTORY:-6] + (4).to_bytes(4, "little") + b"\0\0", "headers"),
        # The directory alone, or the header alone, names another file.
        (made.archive(FILE, Zip(name="certificate.jsom", local_name=NAME)), "name"),
        (made.archive(FILE, Zip(local_name="certificate.jsom")), "name"),
    ],
)  # fmt: skip
def test_an_archive_with_one_wrong_octet_is_refused(data: bytes, what: str) -> None:
    assert archive.only_file(data, NAME, longest=1000) == Finding(Code.ARCHIVE_REFUSED, what)


def test_an_end_in_too_few_octets_is_damage() -> None:
    short = b"PK\x03\x04xxPK\x05\x06xxxx"
    assert archive.only_file(short, NAME, longest=1000) == Finding(Code.COMPRESSION_INVALID)


def test_two_archives_in_one_are_refused() -> None:
    one, other = made.archive(FILE), made.archive(b'{"a": 2}')
    # A reader from the beginning sees the first, one from the end the second.
    found = archive.only_file(one + other, NAME, longest=1000)
    assert isinstance(found, Finding)
    assert found.code is Code.ARCHIVE_REFUSED


@given(st.binary(max_size=300), st.integers(0, 400), st.binary(max_size=4))
@settings(max_examples=300)
def test_no_bytes_are_read_but_what_both_headers_say(noise: bytes, at: int, patch: bytes) -> None:
    assert isinstance(archive.only_file(noise, NAME, longest=1000), Finding)
    good = made.archive(FILE, Zip(described=True))
    changed = good[:at] + patch + good[at + len(patch) :]
    found = archive.only_file(changed, NAME, longest=1000)
    assert isinstance(found, Finding) or found == FILE


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("B64:", Code.COMPRESSION_INVALID),
        ("B64:UEsDBBQAAAAIA", Code.TEXT_DAMAGED),
        ("B64:UEsD!BBQ", Code.TEXT_DAMAGED),
        ("B64:UEsDé", Code.TEXT_DAMAGED),
        ("B64:" + "A" * divoc.MAX_TEXT, Code.TEXT_TOO_LONG),
        (made.pack(b""), Code.JSON_INVALID),
        (made.pack(b"[]"), Code.JSON_INVALID),
        (made.pack(b"\xef\xbb\xbf{}"), Code.JSON_INVALID),
        (made.pack(b'{"a": "\xff"}'), Code.JSON_INVALID),
        (made.pack(b'{"a": 1, "a": 2}'), Code.JSON_DUPLICATE_KEY),
        (made.pack(b'{"a": {"b": 1, "b": 1}}'), Code.JSON_DUPLICATE_KEY),
        (made.pack(b'{"a": NaN}'), Code.JSON_LIMITS),
        (made.pack(b'{"a": 1.5}'), Code.JSON_LIMITS),
        (made.pack(b'{"a": 9007199254740993}'), Code.JSON_LIMITS),
        (made.pack(b'{"a": ' + b"[" * 20 + b"]" * 20 + b"}"), Code.JSON_LIMITS),
        (made.pack(b'{"a": [' + b"1," * 3000 + b"1]}"), Code.JSON_LIMITS),
        (made.pack(b"{}"), Code.CONTEXT_UNKNOWN),
        (made.pack(b" " * 70_000), Code.COMPRESSION_BOMB),
    ],
)
def test_a_text_that_is_no_certificate_is_told(text: str, code: Code) -> None:
    found = divoc.unwrap(text)
    assert isinstance(found, Finding)
    assert found.code is code


def test_line_breaks_and_a_lack_of_padding_do_no_harm() -> None:
    text = made.make()
    body = text.removeprefix("B64:").rstrip("=")
    broken = "B64:" + "\r\n".join(body[at : at + 76] for at in range(0, len(body), 76)) + "\n"
    assert divoc.unwrap(broken) == divoc.unwrap(broken)
    assert entry(broken).product == "Covishield"


def test_alike_entries_without_names_are_read_in_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    text = made.make(evidence=[made.dose(id=None) for _ in range(credential.MOST_ENTRIES)])
    assert isinstance(divoc.unwrap(text), Sealed)
    monkeypatch.setattr(rdf, "TRIES", 3)
    assert divoc.unwrap(text) == Finding(Code.JSON_LIMITS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.sampled_from(
        ["Person", "Vaccination", "did:a:b", "@id", made.ISSUER, "2021-12-10", "COVISHIELD"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "type", "name", "dose", "@context", "address", "facility", "x", "vaccine", "date"]),
        inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=300)
@given(st.data())
def test_whatever_is_signed_is_read_without_a_fault_of_ours(data: st.DataObject) -> None:
    whole = made.document()
    places: list[Any] = [whole, whole["credentialSubject"], whole["evidence"][0]]
    for place in places:
        for member in data.draw(st.lists(st.sampled_from(sorted(place)), max_size=2)):
            place[member] = data.draw(JSON)
    colour, findings, certificate = judged(made.pack(made.prove(whole)))
    assert colour is not Colour.GREEN
    assert Code.SIGNATURE_INVALID not in findings
    if certificate is not None:
        assert all(isinstance(one, Vaccination) for one in certificate.entries)


@given(st.binary(max_size=200))
def test_no_text_raises(noise: bytes) -> None:
    for text in (base64.b64encode(noise).decode(), noise.decode("latin-1")):
        assert isinstance(divoc.unwrap(f"B64:{text}"), Finding)
    assert isinstance(divoc.unwrap(made.pack(noise)), Finding)


def test_no_socket_is_opened_and_nothing_of_json_ld_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a check opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setitem(sys.modules, "pyld", None)
    assert entry(made.make()).product == "Covishield"
    for contexts in CONTEXTS_REFUSED:
        judged(made.make(signed={"@context": contexts}))
