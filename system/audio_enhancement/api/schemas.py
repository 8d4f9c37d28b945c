"""What the API gateway says, field by field. The manual's HTTP API reference is made from these classes."""

import uuid
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from audio_enhancement.storage import models

EXAMPLE_ID = "5f0c2a52-7d0e-4d5c-9f0a-6f6a3c1b2d10"


class JobError(BaseModel):
    """Why a job has no result."""

    code: str = Field(description="Stable code; the error reference lists them all.", examples=["corrupt_audio"])
    detail: str = Field(description="What happened, for people.", examples=["The recording is damaged or breaks off."])


class Job(BaseModel):
    """A recording on its way."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": EXAMPLE_ID,
                "status": "queued",
                "error": None,
                "attempts": 0,
                "cached": False,
                "format": "WAV",
                "created_at": "2026-11-23T03:00:00Z",
                "finished_at": None,
                "audio": None,
            }
        }
    )

    id: uuid.UUID = Field(description="Name of the job.", examples=[EXAMPLE_ID])
    status: models.Status = Field(description="Where the job stands.", examples=["queued"])
    error: JobError | None = Field(None, description="Why there is no result, when `status` is `failed` or `dead`.")
    attempts: int = Field(description="Attempts begun so far.", examples=[0])
    cached: bool = Field(description="Whether the result came from the cache.", examples=[False])
    format: Literal["WAV", "FLAC", "OGG"] = Field(description="Format of upload and result.", examples=["WAV"])
    created_at: datetime = Field(description="When the upload was accepted (UTC).", examples=["2026-11-23T03:00:00Z"])
    finished_at: datetime | None = Field(
        None, description="When the job ended (UTC).", examples=["2026-11-23T03:00:01Z"]
    )
    audio: str | None = Field(
        None, description="Path of the result, once there is one.", examples=[f"/v1/enhancements/{EXAMPLE_ID}/audio"]
    )

    @classmethod
    def of(cls, row: models.Job) -> "Job":
        """Show a stored job to its client."""
        return cls(
            id=row.id,
            status=row.status,
            error=JobError(code=row.error, detail=row.detail or "") if row.error else None,
            attempts=row.attempts,
            cached=row.cached,
            format=row.format,
            created_at=row.created_at,
            finished_at=row.finished_at,
            audio=f"/v1/enhancements/{row.id}/audio" if row.status is models.Status.DONE else None,
        )


class FieldError(BaseModel):
    """One part of a request that is not valid."""

    field: str = Field(description="Where it stands in the request.", examples=["path.job_id"])
    message: str = Field(description="What is wrong with it.", examples=["Input should be a valid UUID"])


class Problem(BaseModel):
    """An error, as a problem document (RFC 9457)."""

    type: str = Field(
        description="Address of the error's entry in the manual.", examples=["urn:ae:error:job_not_found"]
    )
    title: str = Field(description="The error in a few words.", examples=["No such job"])
    status: int = Field(description="HTTP status of the answer.", examples=[404])
    detail: str = Field(description="What the client can do.", examples=["The job does not exist."])
    code: str = Field(description="Stable code of the error.", examples=["job_not_found"])
    instance: str = Field(description="This one request, for our logs.", examples=["urn:uuid:" + EXAMPLE_ID])
    errors: list[FieldError] | None = Field(None, description="Each wrong field, for `invalid_request`.")


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = Field("ok", description="Always `ok`.", examples=["ok"])
    version: str = Field(description="Release that answers.", examples=["v2.1.0"])
    colour: str = Field(description="Colour that answers.", examples=["blue"])


class Readiness(BaseModel):
    """Whether the process can do its work, part by part."""

    ready: bool = Field(description="Whether uploads can be accepted.", examples=[True])
    database: Literal["ok", "unavailable"] = Field(description="PostgreSQL.", examples=["ok"])
    storage: Literal["ok", "full", "unavailable"] = Field(description="The folder of audio files.", examples=["ok"])
    queue: Literal["ok", "unavailable"] = Field(
        description="Redis. Without it jobs are stored and queued later, so the process stays ready.", examples=["ok"]
    )
