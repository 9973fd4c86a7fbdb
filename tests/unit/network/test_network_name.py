"""What is signed names its network: one that is signed for another is refused by who signs, publishes and syncs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from tuf.api.metadata import Metadata, Root, Targets

from pratique.errors import DocumentRefused, PratiqueError, UsageError
from pratique.network import metadata as network_metadata
from pratique.network import proposal, publish
from pratique.network.metadata import NETWORK, NetworkName
from pratique.network.proposal import Proposal
from pratique.network.trusted import Trusted
from pratique.terms import Environment
from pratique.trust.registry import Suspension
from tests.networks import AT, DAY, HOUR, Authority, State, Verifier

OTHERS = [("rehearsal", Environment.TEST), ("invented", Environment.PRODUCTION)]
"""A network of another name, and one of the same name and another environment."""


def founded(network: str, environment: Environment) -> Authority:
    """Return a network of the same seats and online keys, with another name."""
    made = Authority()
    made.board = made.board._replace(network=network, environment=environment)
    made.files = {}
    kept = proposal.Online(made.online.snapshot.public_key, made.online.timestamp.public_key)
    seats = [seat.public_key for seat in made.seats]
    made.publish(proposal.first(made.board, seats, kept, {}, AT))
    return made


def refusal(ask: Callable[[], object]) -> PratiqueError:
    with pytest.raises(PratiqueError) as caught:
        ask()
    return caught.value


def drafted(at: Authority, state: State) -> Iterator[tuple[str, Proposal, list[Any]]]:
    """Yield what seats and participants sign: its role, the draft, and the keys that it needs."""
    current = at.view
    listed = {**current.participants, "XUZ": State("XUZ").participant}
    members = {"XUZ": State("XUZ").role_keys()}
    admitted = proposal.targets(current, at.now, "admit XUZ", participants=listed, members=members)
    yield "targets", admitted, at.seats
    since = int(at.now.timestamp())
    one = Suspension(since, since + 86400, "keys-stolen")
    yield network_metadata.SUSPEND, proposal.suspension(current, at.now, state.code, one), at.seats
    yield state.code, proposal.role(current, at.now, state.code, state.contents()), state.roles


def pair(network: str, environment: Environment) -> tuple[Authority, Authority, State]:
    """Return a network and another one, of the same seats, with the same participant in both."""
    own, other, state = Authority(), founded(network, environment), State("XUA")
    for each in (other, own):
        each.admit(state)
    return own, other, state


@pytest.mark.parametrize(("network", "environment"), OTHERS)
@pytest.mark.parametrize("number", range(3))
def test_what_is_signed_for_another_network_is_refused_by_all(
    network: str, environment: Environment, number: int
) -> None:
    own, other, state = pair(network, environment)
    role, made, hands = list(drafted(other, state))[number]
    # Not signed here, and nothing is told of it as if it were a change here.
    refused = refusal(lambda: proposal.sign(made, hands[0], own.view))
    assert (refused.code, refused.exit_code) == ("network-differs", 2)
    assert f"{network} ({environment})" in refused.message
    other.signed(made, hands)
    assert all(need.is_met for need in proposal.needs(made, other.view))
    # Not published, though all who must have signed it.
    before = dict(own.files)
    assert refusal(lambda: own.accept(made)).code == "policy-network-other"
    assert own.files == before
    # Not believed, where somebody publishes it all the same.
    data = made.metadata[role].to_bytes()
    found = Trusted(own.anchor)
    taken_up(found, own)
    take = (
        (lambda: found.take_targets(data))
        if role == "targets"
        else (lambda: found.take_role(role, data))
    )
    assert refusal(take).code == "policy-network-other"
    if role != "targets":
        assert refusal(lambda: found.earlier_role(role, data)).code == "policy-network-other"
    # Control: where it belongs, it is published, and every verifier takes it.
    other.accept(made)
    assert not Verifier(other.anchor).sync(other.files).problems


def taken_up(found: Trusted, own: Authority) -> None:
    """Believe a network's timestamp and list of versions, and its targets but for a look at them."""
    found.take_timestamp(own.files[network_metadata.TIMESTAMP_FILE])
    number = found.timestamp.snapshot_meta.version
    found.take_snapshot(own.files[network_metadata.metadata("snapshot", number)])
    number = found.snapshot.meta["targets.json"].version
    found.take_targets(own.files[network_metadata.metadata("targets", number)])


@pytest.mark.parametrize(("network", "environment"), OTHERS)
def test_a_first_root_of_another_network_is_no_change_of_the_one_known(
    network: str, environment: Environment
) -> None:
    own = Authority()
    hands = Authority(hands="other seat", seats=4, threshold=2, suspend=2)
    board = hands.board._replace(network=network, environment=environment)
    kept = proposal.Online(own.online.snapshot.public_key, own.online.timestamp.public_key)
    made = proposal.first(board, [k.public_key for k in hands.seats], kept, {}, AT)
    # A seat of the network that is known here is none of the other's.
    refused = refusal(lambda: proposal.sign(made, own.seats[0], own.view))
    assert (refused.code, refused.exit_code) == ("key-not-asked", 2)
    assert proposal.sign(made, hands.seats[0], own.view) == ("root", "targets")
    assert proposal.network_of(made) == NetworkName(network, environment)
    said = list(proposal.told(made, proposal.changed(made, own.view)))
    assert not any(line.endswith(" goes") for line in said)
    assert sum("is new" in line for line in said) == 4


def stripped(metadata: Metadata[Any], by: list[Any]) -> Metadata[Any]:
    """Return metadata as it was signed before it named a network."""
    one = copy.deepcopy(metadata)
    one.signed.unrecognized_fields.pop(NETWORK)
    one.signatures.clear()
    for key in by:
        network_metadata.sign(one, key)
    return one


def unnamed() -> Authority:
    """Return a network as it was published before anything named it, with one participant."""
    made = Authority()
    made.files = {}
    kept = proposal.Online(made.online.snapshot.public_key, made.online.timestamp.public_key)
    first = proposal.first(made.board, [k.public_key for k in made.seats], kept, {}, AT)
    made.accept(old(first, made.seats))
    state = State("XUA")
    current = made.view
    listed, members = {"XUA": state.participant}, {"XUA": state.role_keys()}
    made.accept(
        old(
            proposal.targets(current, AT, "admit", participants=listed, members=members), made.seats
        )
    )
    state.authority = made
    made.accept(old(state.draft(), state.roles))
    return made


def old(made: Proposal, by: list[Any]) -> Proposal:
    return made._replace(metadata={r: stripped(m, by) for r, m in made.metadata.items()})


def renamed(at: Authority, when: Any) -> Proposal:
    seats = [seat.public_key for seat in at.seats]
    return at.signed(proposal.root(at.view, when, board=at.board, seats=seats))


def test_what_was_published_before_there_were_names_stays_readable() -> None:
    own = unnamed()
    verifier = Verifier(own.anchor)
    assert not verifier.sync(own.files).problems
    assert network_metadata.named_since(own.view.root) is None
    # What is drafted from now on names its network; an edition without a name is taken until the root asks.
    state = State("XUA")
    state.authority = own
    own.accept(old(state.draft(), state.roles))
    own.publish(state.draft(), state.roles[:2])
    assert not verifier.sync(own.files).problems
    # Of another network it is refused, whatever this one's root says.
    other = founded(*OTHERS[0])
    other.admit(state)
    made = other.signed(proposal.role(other.view, AT, "XUA", state.contents()), state.roles)
    assert refusal(lambda: own.accept(made)).code == "policy-network-other"


def test_a_root_asks_for_names_from_an_instant_on_and_nobody_is_locked_out() -> None:
    own, state = unnamed(), State("XUA")
    state.authority = own
    verifier = Verifier(own.anchor)
    verifier.sync(own.files)
    own.now = AT + DAY
    early = old(state.draft(), state.roles)
    own.accept(renamed(own, own.now))
    since = network_metadata.named_since(own.view.root)
    assert since == own.now
    # The participant's edition in force was signed before: it serves to its end.
    assert not verifier.sync(own.files, own.now).problems
    # One that was signed before, and is published now, is taken; one signed after names its network.
    own.accept(early)
    assert not verifier.sync(own.files, own.now).problems
    own.now = AT + DAY + 3 * HOUR
    late = old(state.draft(), state.roles)
    assert refusal(lambda: own.accept(late)).code == "policy-network-unnamed"
    own.publish(state.draft(), state.roles[:2])
    assert not verifier.sync(own.files, own.now).problems
    # The next roots keep the instant, and none drops it.
    own.now = AT + 2 * DAY
    own.accept(renamed(own, own.now))
    assert network_metadata.named_since(own.view.root) == since


@pytest.mark.parametrize("change", ["dropped", "later"])
def test_no_root_asks_less_than_the_one_before_it(change: str) -> None:
    own = Authority()
    root = renamed(own, AT).metadata["root"]
    if change == "dropped":
        root.signed.unrecognized_fields.pop(NETWORK)
    else:
        root.signed.unrecognized_fields[NETWORK] = {
            **own.board.name.to_field(), "since": "2026-11-30T00:00:00Z"
        }  # fmt: skip
    root.signatures.clear()
    for seat in own.seats:
        network_metadata.sign(root, seat)
    found = Trusted(own.anchor)
    assert refusal(lambda: found.take_root(root.to_bytes())).code == "board-differs"
    assert found.root.version == 1


def test_a_name_cannot_be_taken_off_what_was_signed_nor_put_on() -> None:
    own, other, state = pair(*OTHERS[0])
    made = other.signed(proposal.role(other.view, AT, "XUA", state.contents()), state.roles)
    for field in (None, own.board.name.to_field()):
        one = copy.deepcopy(made.metadata["XUA"])
        one.signed.unrecognized_fields.pop(NETWORK)
        if field is not None:
            one.signed.unrecognized_fields[NETWORK] = field
        changed = made._replace(metadata={"XUA": one})
        found = refusal(lambda changed=changed: own.accept(changed))  # type: ignore[misc]
        assert found.code in {"proposal-unsigned", "policy-network-unnamed"}


@pytest.mark.parametrize(
    "field",
    [
        None, 1, "invented", [], {}, {"network": "invented"}, {"network": "invented", "environment": "x"},
        {"network": "", "environment": "test"}, {"network": 1, "environment": "test"},
        {"network": "a\nb", "environment": "test"}, {"network": "invented", "environment": ["test"]},
        {"network": "invented", "environment": "test", "since": "2026-11-22T09:00:00Z"},
    ],
)  # fmt: skip
def test_a_name_that_cannot_be_read_is_refused(field: object) -> None:
    own, state = Authority(), State("XUA")
    own.admit(state)
    made = state.draft()
    made.metadata["XUA"].signed.unrecognized_fields[NETWORK] = field
    own_keys(made, state)
    assert refusal(lambda: own.accept(made)).code == "board-malformed"
    root = copy.deepcopy(own.view.root)
    if not (isinstance(field, dict) and "since" in field):
        root.unrecognized_fields[NETWORK] = field
        assert refusal(lambda: network_metadata.of_root(root)).code == "board-malformed"


def own_keys(made: Proposal, state: State) -> None:
    for key in state.roles:
        network_metadata.sign(made.metadata[state.code], key)


def test_a_root_whose_name_is_not_its_boards_is_refused() -> None:
    root = copy.deepcopy(Authority().view.root)
    root.unrecognized_fields[NETWORK] = NetworkName("rehearsal", Environment.TEST).to_field()
    assert refusal(lambda: network_metadata.of_root(root)).code == "board-differs"


def test_a_proposal_for_two_networks_is_refused() -> None:
    own, other, state = pair(*OTHERS[0])
    metadata = {
        "XUA": proposal.role(own.view, AT, "XUA", {}).metadata["XUA"],
        network_metadata.SUSPEND: proposal.role(
            other.view, AT, network_metadata.SUSPEND, {}
        ).metadata[network_metadata.SUSPEND],
    }
    mixed = Proposal("mixed", metadata, {})
    for ask in (
        lambda: proposal.network_of(mixed),
        lambda: proposal.sign(mixed, state.roles[0], own.view),
        lambda: publish.published(own.files, mixed, own.online, at=AT),
    ):
        assert refusal(ask).code == "proposal-mixed"


def test_the_end_tells_whether_it_was_signed_before_names_were_asked_for() -> None:
    own = unnamed()
    own.now = AT + DAY
    own.accept(renamed(own, own.now))
    board, root = own.board, own.view.root
    for role, life in (
        ("targets", network_metadata.TARGETS_LIFE),
        ("XUA", network_metadata.ROLE_LIFE),
        (network_metadata.SUSPEND, network_metadata.SUSPEND_LIFE),
    ):
        last = AT + DAY + life + network_metadata.SLACK
        network_metadata.check_network(role, Targets(1, expires=last), root, board)
        late = Targets(1, expires=last + timedelta(seconds=1))
        with pytest.raises(DocumentRefused):
            network_metadata.check_network(role, late, root, board)


def test_a_first_root_asks_for_names_from_the_beginning() -> None:
    own = Authority()
    with pytest.raises(DocumentRefused) as caught:
        network_metadata.check_network("XUA", Targets(1, expires=AT), own.view.root, own.board)
    assert caught.value.code == "policy-network-unnamed"
    assert isinstance(own.view.root, Root)
    with pytest.raises(UsageError):
        proposal.changed(proposal.targets(founded(*OTHERS[0]).view, AT, "x"), own.view)
