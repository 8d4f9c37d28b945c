"""Every error that a client can meet, with a stable code: those of a request, and those of a job.

A request that fails is answered with a problem document (RFC 9457) whose ``type`` ends in the code. A recording that
cannot be enhanced gives a failed job whose ``error.code`` is one of the job errors.
"""

from typing import Literal, NamedTuple


class ErrorCode(NamedTuple):
    """One error: its code, where it shows (an HTTP status, or the job), its title, and what the client can do."""

    code: str
    status: int | None
    title: str
    description: str
    scope: Literal["request", "job"] = "request"


def _job(code: str, title: str, description: str) -> ErrorCode:
    return ErrorCode(code, None, title, description, "job")


ERRORS: tuple[ErrorCode, ...] = (
    ErrorCode("missing_api_key", 401, "API key missing", "Send the key as `Authorization: Bearer KEY`."),
    ErrorCode(
        "invalid_api_key", 401, "API key not valid", "The key is unknown, expired or revoked. Ask for a new one."
    ),
    ErrorCode("job_not_found", 404, "No such job", "The job does not exist, was removed, or belongs to another key."),
    ErrorCode("route_not_found", 404, "No such route", "Check the path against the HTTP API reference."),
    ErrorCode("method_not_allowed", 405, "Method not allowed", "Check the method against the HTTP API reference."),
    ErrorCode(
        "result_not_ready", 409, "Result not ready", "The job has not ended. Ask again after `Retry-After` seconds."
    ),
    ErrorCode("job_failed", 409, "Job failed", "There is no result. The job's `error` says why."),
    ErrorCode(
        "upload_empty", 400, "Upload empty", "The request had no bytes in its body. Send the recording as the body."
    ),
    ErrorCode("upload_too_large", 413, "Upload too large", "Split the recording, or send it as FLAC."),
    ErrorCode("unsupported_media", 415, "Not an audio format that is taken", "Send WAV, FLAC or OGG."),
    ErrorCode("invalid_request", 422, "Request not valid", "The answer's `errors` names each wrong field."),
    ErrorCode("rate_limited", 429, "Too many uploads", "Wait `Retry-After` seconds, then send fewer."),
    ErrorCode(
        "internal_error", 500, "Internal error", "The fault is ours and has been logged under the answer's `instance`."
    ),
    ErrorCode("database_unavailable", 503, "Database not available", "Try again after `Retry-After` seconds."),
    ErrorCode(
        "request_timeout", 504, "Request took too long", "Nothing was lost. Try again after `Retry-After` seconds."
    ),
    ErrorCode("storage_full", 507, "Storage full", "Try again later. Operators have been alerted."),
    _job("unsupported_format", "Format not supported", "The bytes are not a WAV, FLAC or OGG recording."),
    _job("corrupt_audio", "Recording damaged", "The recording cannot be decoded. Send it again from its source."),
    _job("empty_audio", "Recording empty", "The recording holds no sound at all."),
    _job("too_long", "Recording too long", "The decoded recording is longer than the limit. Split it."),
    _job("too_many_channels", "Too many channels", "Send mono or stereo."),
    _job("sample_rate_out_of_range", "Sample rate out of range", "Convert the recording to a rate between the limits."),
    _job(
        "non_finite_audio",
        "Samples are not numbers",
        "The recording holds infinite or undefined samples. Export it again.",
    ),
    _job("decode_limit_exceeded", "Decoding took too much", "Decoding went over its limit of time or memory."),
    _job("upload_lost", "Upload lost", "The stored upload is gone. Send the recording again."),
    _job("sender_blocked", "Sender blocked", "Operators have ended your keys and the jobs that waited. Ask them why."),
    _job(
        "enhancement_failed",
        "Enhancement failed",
        "All attempts failed. The job is in the dead letters; operators can queue it again.",
    ),
)

BY_CODE: dict[str, ErrorCode] = {error.code: error for error in ERRORS}
"""Code to error."""
