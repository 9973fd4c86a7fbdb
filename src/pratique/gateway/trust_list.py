"""GET /countrylist: whose certificates are onboarded."""

from __future__ import annotations

from pratique.gateway.call import Call
from pratique.gateway.mailbox import Reading
from pratique.gateway.wire import Answer, written


def country_list(call: Call, box: Reading) -> Answer:
    """Answer with the countries of all parties."""
    del call
    return written(list(box.countries()))
