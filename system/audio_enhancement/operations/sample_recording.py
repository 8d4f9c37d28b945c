"""``scripts/sample_recording.sh``: make a noisy recording to try the system with."""

import argparse
import sys
from pathlib import Path

from audio_enhancement.audio.decode import Audio
from audio_enhancement.audio.encode import encode
from audio_enhancement.dsp.speech import noisy, speech_like
from audio_enhancement.operations.command import make_parser

SAMPLE_RATE_HZ = 16_000
FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG"}


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = make_parser(
        "sample_recording",
        "Make a recording of speech-like sound with noise, mono at 16 kHz, to try the system with.",
        """0  the recording is written
        1  it could not be written
        2  wrong usage""",
    )
    made.add_argument("file", type=Path, help="where to write it; the ending says how: .wav, .flac or .ogg")
    made.add_argument("--seconds", type=float, default=5.0, help="length, 1 to 600 s (default: 5)")
    made.add_argument(
        "--snr-db", type=float, default=5.0, help="level of the speech above the noise, -20 to 40 dB (default: 5)"
    )
    return made


def main() -> int:
    """Run the command; returns its exit status."""
    made = parser()
    options = made.parse_args()
    name = FORMATS.get(options.file.suffix.lower())
    if name is None:
        made.error(f"{options.file}: the name must end in {', '.join(FORMATS)}")
    if not 1 <= options.seconds <= 600 or not -20 <= options.snr_db <= 40:
        made.error("--seconds must be 1 to 600, --snr-db -20 to 40")
    samples = noisy(speech_like(options.seconds, SAMPLE_RATE_HZ), options.snr_db, seed=1, kind="pink")
    try:
        encode(options.file, Audio(samples[:, None], SAMPLE_RATE_HZ, name))
    except OSError as error:
        print(f"{made.prog}: {error}", file=sys.stderr)
        return 1
    print(f"{options.file}: {options.seconds:g} s at {options.snr_db:g} dB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
