"""The table of answers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Add it."""
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("received", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.String(36), nullable=False, unique=True),
        sa.Column("page", sa.String(300), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("verdict", sa.String(3), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("version", sa.String(100), nullable=False),
        sa.Column("language", sa.String(80), nullable=False),
    )
    op.create_index("ix_feedback_received", "feedback", ["received"])
    op.create_index("ix_feedback_page", "feedback", ["page"])


def downgrade() -> None:
    """Remove it, with all answers."""
    op.drop_table("feedback")
