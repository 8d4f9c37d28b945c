"""The canary: a known recording goes through the gateway as a client's would, and its improvement is measured.

In production nobody has the clean recording that a client's noisy one came from, so quality is watched on this one.
"""

import io
import time
from typing import NamedTuple

import httpx
import numpy as np
import soundfile
import structlog
from numpy.typing import NDArray

from audio_enhancement.dsp.quality import si_sdr
from audio_enhancement.dsp.speech import noisy, speech_like
from audio_enhancement.metrics import MonitorMetrics
from audio_enhancement.settings import CanarySettings

SAMPLE_RATE_HZ = 16_000
SECONDS = 4.0
SNR_DB = 5.0
SEED = 20_24
OUTCOMES = ("ok", "failed", "timeout")
_POLL_S = 0.1


class CanaryFailed(Exception):
    """A run did not come back with a recording; the message says where it ended."""


class CanaryTimeout(CanaryFailed):
    """A run took longer than `CanarySettings.timeout_s`."""


class Recording(NamedTuple):
    """The known recording: what was said, how it sounds to the system, and that as a WAV file."""

    clean: NDArray[np.float32]
    noisy: NDArray[np.float32]
    wav: bytes


def known_recording() -> Recording:
    """Make the recording that every run sends; it is always the same."""
    clean = speech_like(SECONDS, SAMPLE_RATE_HZ, SEED)
    mixture = noisy(clean, SNR_DB, SEED, "white", SAMPLE_RATE_HZ)
    file = io.BytesIO()
    soundfile.write(file, mixture, SAMPLE_RATE_HZ, format="WAV", subtype="PCM_16")
    return Recording(clean, mixture, file.getvalue())


class Canary:
    """Sends the known recording, again and again."""

    def __init__(self, settings: CanarySettings, metrics: MonitorMetrics) -> None:
        self.settings = settings
        self.metrics = metrics
        self.recording = known_recording()
        self.log = structlog.get_logger(component="canary")
        for outcome in OUTCOMES:
            metrics.canary_runs.labels(outcome)  # shown from the start: a rate needs a first value

    def run(self) -> None:
        """Do one run and show its outcome in the metrics."""
        outcome, improvement_db = "ok", float("nan")
        try:
            improvement_db = self.improvement_db()
        except CanaryFailed as error:
            outcome = "timeout" if isinstance(error, CanaryTimeout) else "failed"
            self.log.warning("canary did not come back", outcome=outcome, reason=str(error))
        self.metrics.canary_runs.labels(outcome).inc()
        # Not a number when there is none: the value of an earlier run would say that quality is known.
        self.metrics.canary_improvement.set(improvement_db)
        if improvement_db < self.settings.min_improvement_db:
            self.log.warning("quality degraded", improvement_db=round(improvement_db, 2))

    def improvement_db(self) -> float:
        """Send the recording, wait for its result, and return by how many dB its SI-SDR has improved.

        Raises:
            CanaryFailed, CanaryTimeout: there was no result to judge.
        """
        deadline = time.monotonic() + self.settings.timeout_s
        headers = {
            "Authorization": f"Bearer {self.settings.api_key.get_secret_value()}",
            "Content-Type": "audio/wav",
            "Cache-Control": "no-cache",
        }
        try:
            # trust_env: a proxy for the way out is none for the way in.
            with httpx.Client(
                base_url=self.settings.url, headers=headers, timeout=self.settings.timeout_s, trust_env=False
            ) as client:
                job = _expect(client.post("/v1/enhancements", content=self.recording.wav), 202)
                location = f"/v1/enhancements/{job.json()['id']}"
                try:
                    self._wait(client, location, deadline)
                    result = _expect(client.get(f"{location}/audio"), 200).content
                finally:
                    client.delete(location)  # or the canary would fill the storage
        except httpx.TimeoutException as error:
            raise CanaryTimeout(f"no answer: {error}") from error
        except httpx.HTTPError as error:
            raise CanaryFailed(f"gateway not reached: {error}") from error
        return self._judge(result)

    def _wait(self, client: httpx.Client, location: str, deadline: float) -> None:
        while True:
            job = _expect(client.get(location), 200).json()
            if job["status"] == "done":
                return
            if job["status"] in ("failed", "dead"):
                raise CanaryFailed(f"job {job['id']} ended as {job['status']}: {job.get('error')}")
            if time.monotonic() > deadline:
                raise CanaryTimeout(f"job {job['id']} is {job['status']} after {self.settings.timeout_s:g} s")
            time.sleep(_POLL_S)

    def _judge(self, wav: bytes) -> float:
        try:
            enhanced, rate = soundfile.read(io.BytesIO(wav), dtype="float32")
        except soundfile.LibsndfileError as error:
            raise CanaryFailed(f"the result is not a recording: {error}") from error
        clean = self.recording.clean
        if rate != SAMPLE_RATE_HZ or enhanced.shape != clean.shape:
            raise CanaryFailed(f"the result has {enhanced.shape} samples at {rate} Hz, the recording {clean.shape}")
        return si_sdr(clean, enhanced) - si_sdr(clean, self.recording.noisy)


def _expect(answer: httpx.Response, status: int) -> httpx.Response:
    if answer.status_code != status:
        raise CanaryFailed(f"{answer.request.method} {answer.request.url.path} was answered with {answer.status_code}")
    return answer
