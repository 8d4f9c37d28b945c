"""${message}"""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Add; never remove what the version before still uses."""
    ${upgrades if upgrades else "raise NotImplementedError"}
