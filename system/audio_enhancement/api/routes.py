"""The routes of the API gateway."""

import uuid
from datetime import UTC, datetime
from typing import Annotated

import redis
import structlog
from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from audio_enhancement.api.limits import Client, Received, check_rate, receive
from audio_enhancement.api.problems import ProblemError, responses
from audio_enhancement.api.schemas import EXAMPLE_ID, Health, Job, Readiness
from audio_enhancement.api.state import Gateway, Serving
from audio_enhancement.queueing.queue import QueueUnavailable
from audio_enhancement.storage import jobs, models
from audio_enhancement.storage.database import DatabaseUnavailable

MEDIA_TYPES = {"WAV": "audio/wav", "FLAC": "audio/flac", "OGG": "audio/ogg"}
ASK_AGAIN_S = "1"
COMMON = ("missing_api_key", "invalid_api_key", "database_unavailable", "request_timeout", "internal_error")

router = APIRouter()
log = structlog.get_logger(component="api")
JobId = Annotated[uuid.UUID, Path(description="Name of the job.", examples=[EXAMPLE_ID])]


@router.post(
    "/v1/enhancements",
    operation_id="createEnhancement",
    response_description="The recording is accepted; this is its job.",
    summary="Enhance a recording",
    tags=["enhancements"],
    status_code=202,
    responses={
        202: {"headers": {"Location": {"description": "Path of the job.", "schema": {"type": "string"}}}},
        **responses("upload_empty", "upload_too_large", "unsupported_media", "rate_limited", "storage_full", *COMMON),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The recording: WAV, FLAC or OGG, mono or stereo.",
            "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in MEDIA_TYPES.values()},
        }
    },
)
async def create(
    request: Request,
    response: Response,
    serving: Serving,
    client: Client,
    cache_control: Annotated[
        str | None, Header(description="`no-cache` enhances anew, whatever the cache holds.", examples=["no-cache"])
    ] = None,
) -> Job:
    """Accept a recording and answer with a job.

    The body is the recording itself. The job is stored before the answer is sent, so an accepted recording is
    enhanced even if every process stops at that moment.
    """
    await serving.within_time(check_rate, serving, client.id)
    received = await receive(serving, request.stream(), int(request.headers.get("content-length", "0")))
    use_cache = "no-cache" not in (cache_control or "").lower()
    try:
        job = await serving.within_time(accept, serving, client.id, received, use_cache)
    except BaseException:
        # A thread that began too late, or never, must find nothing: its client has been told that it failed.
        received.path.unlink(missing_ok=True)
        raise
    response.headers["Location"] = f"/v1/enhancements/{job.id}"
    return Job.of(job)


def accept(serving: Gateway, key_id: uuid.UUID, received: Received, use_cache: bool) -> models.Job:
    """Store the job, then queue it. What cannot be queued now is queued later by the relay.

    When this fails, nothing is left but, at most, the received upload in its place.
    """
    job = models.Job(
        id=uuid.uuid4(),
        api_key_id=key_id,
        status=models.Status.QUEUED,
        attempts=0,
        cached=False,
        format=received.format,
        content_sha256=received.sha256,
        created_at=datetime.now(UTC),
    )
    try:
        if found_in_cache(serving, job, use_cache):
            job.status, job.cached, job.finished_at = models.Status.DONE, True, datetime.now(UTC)
            received.path.unlink()
        else:
            serving.files.keep(received.path, job.id)
        jobs.insert(serving.database, job)
    except BaseException:
        serving.files.remove(job.id)
        raise
    if job.status is models.Status.QUEUED:
        try:
            serving.queue.put(job.id)
            jobs.mark_enqueued(serving.database, [job.id])
        except (QueueUnavailable, DatabaseUnavailable) as error:
            # The row is stored: the job is accepted, and the relay will queue it.
            log.warning("not queued yet", job=str(job.id), reason=str(error))
    return job


def found_in_cache(serving: Gateway, job: models.Job, use_cache: bool) -> bool:
    """Give the job the result of an earlier one with the same content, if there is one. The cache never fails it."""
    outcome = "bypass"
    if use_cache and serving.cache.settings.ttl_s:
        try:
            twin = serving.cache.find(job.content_sha256)
            outcome = "hit" if twin and serving.files.share_result(twin, job.id) else "miss"
        except redis.RedisError as error:
            log.warning("cache not asked", reason=str(error))
            outcome = "error"
    serving.metrics.cache.labels(outcome).inc()
    return outcome == "hit"


async def own_job(serving: Gateway, client: models.ApiKey, job_id: uuid.UUID) -> models.Job:
    """Read a job of the client's own; another's looks like none."""
    job = await serving.within_time(jobs.get, serving.database, job_id, client.id)
    if job is None:
        raise ProblemError("job_not_found")
    return job


@router.get(
    "/v1/enhancements/{job_id}",
    operation_id="getEnhancement",
    response_description="The job as it stands now.",
    summary="Ask how a job stands",
    tags=["enhancements"],
    responses=responses("job_not_found", "invalid_request", *COMMON),
)
async def read(serving: Serving, client: Client, job_id: JobId) -> Job:
    """Answer with the job as it stands now."""
    return Job.of(await own_job(serving, client, job_id))


@router.get(
    "/v1/enhancements/{job_id}/audio",
    operation_id="getEnhancedAudio",
    summary="Fetch the result",
    tags=["enhancements"],
    response_class=FileResponse,
    responses={
        200: {
            "description": "The enhanced recording, in the format of the upload.",
            "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in MEDIA_TYPES.values()},
        },
        **responses("job_not_found", "result_not_ready", "job_failed", "invalid_request", *COMMON),
    },
)
async def audio(serving: Serving, client: Client, job_id: JobId) -> FileResponse:
    """Answer with the enhanced recording."""
    job = await own_job(serving, client, job_id)
    if not jobs.has_ended(job):
        raise ProblemError("result_not_ready", headers={"Retry-After": ASK_AGAIN_S})
    if job.status is not models.Status.DONE:
        raise ProblemError("job_failed", f"The job ended with `{job.error}`: {job.detail}")
    path = serving.files.result(job.id)
    if not path.exists():
        raise ProblemError("job_not_found", "The result has been removed.")
    return FileResponse(path, media_type=MEDIA_TYPES[job.format], filename=f"{job.id}.{job.format.lower()}")


@router.delete(
    "/v1/enhancements/{job_id}",
    operation_id="deleteEnhancement",
    response_description="The job and its audio are gone.",
    summary="Remove a job and its audio",
    tags=["enhancements"],
    status_code=204,
    responses=responses("job_not_found", "invalid_request", *COMMON),
)
async def remove(serving: Serving, client: Client, job_id: JobId) -> None:
    """Remove a job, its upload and its result. A job that is running is removed when its attempt ends."""
    job = await own_job(serving, client, job_id)
    await serving.within_time(jobs.remove, serving.database, job.id)
    await serving.within_time(serving.files.remove, job.id)


@router.get(
    "/healthz",
    operation_id="getHealth",
    response_description="The process is alive.",
    summary="Is the process alive?",
    tags=["operation"],
)
async def health(serving: Serving) -> Health:
    """Answer as long as the process runs; asks nobody."""
    return Health(status="ok", version=serving.version, colour=serving.colour)


@router.get(
    "/readyz",
    operation_id="getReadiness",
    response_description="Uploads can be accepted.",
    summary="Can the process accept uploads?",
    tags=["operation"],
    responses={503: {"model": Readiness, "description": "The process cannot accept uploads now."}},
)
async def readiness(serving: Serving) -> JSONResponse:
    """Ask PostgreSQL and Redis for a sign of life, and the storage for room. Reads no table: a locked one is no outage."""

    def look() -> Readiness:
        database = queue = "ok"
        try:
            serving.database.ping()
        except DatabaseUnavailable:
            database = "unavailable"
        try:
            serving.queue.ping()
        except QueueUnavailable:
            queue = "unavailable"
        try:
            storage = "full" if serving.files.is_full() else "ok"
        except OSError:
            storage = "unavailable"
        ready = database == "ok" and storage == "ok"
        return Readiness.model_validate({"ready": ready, "database": database, "storage": storage, "queue": queue})

    found = await serving.probe(look)
    return JSONResponse(found.model_dump(), 200 if found.ready else 503)


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="Metrics of this process",
    tags=["operation"],
    response_class=Response,
    responses={200: {"description": "Metrics in Prometheus' text format.", "content": {"text/plain": {}}}},
)
async def metrics(serving: Serving) -> Response:
    """Show this process' metrics, for Prometheus."""
    return Response(generate_latest(serving.registry), media_type=CONTENT_TYPE_LATEST)
