"""One request, one certificate: the database itself refuses a second one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_DOUBLE = (
    "SELECT max(issued_at) FROM certificate WHERE substr(request, 1, 8) IN "
    "(SELECT substr(request, 1, 8) FROM certificate GROUP BY 1 HAVING count(*) > 1)"
)


def upgrade() -> None:
    """Add the index; in a register that holds doubles already, for what is issued after them.

    Nothing is taken out of it: the doubles are certificates in people's hands, and are told (see
    `tallies.doubles`), to be taken back by whoever knows which of the two was handed out.
    """
    newest = op.get_bind().execute(sa.text(_DOUBLE)).scalar()
    where = "" if newest is None else f" WHERE issued_at > {int(newest)}"
    op.execute(
        f"CREATE UNIQUE INDEX certificate_by_request ON certificate (substr(request, 1, 8)){where}"
    )


def downgrade() -> None:
    """Take the index away; no row is touched."""
    op.drop_index("certificate_by_request")
