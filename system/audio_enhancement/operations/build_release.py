"""``scripts/build_release.sh``: make a version that can be deployed."""

import argparse
import sys
from pathlib import Path

from audio_enhancement.deployment.release import build_release, built_versions, read_manifest
from audio_enhancement.operations.command import execute, make_parser, table
from audio_enhancement.rundir import RunDir

SOURCE = Path(__file__).resolve().parents[2]


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = make_parser(
        "build_release",
        "Build a version: a read-only copy of the system's code in the run folder, with the SHA-256 of every file. "
        "Building the same content again changes nothing; other content under the same version is refused.",
        """0  built, or built before from the same content
        1  refused, or the content could not be copied
        2  wrong usage""",
    )
    what = made.add_mutually_exclusive_group(required=True)
    what.add_argument("--version", metavar="VERSION", help="name of the version to build, like v2.2.0")
    what.add_argument("--list", action="store_true", help="list the built versions, the newest first")
    made.add_argument(
        "--source",
        metavar="FOLDER",
        type=Path,
        default=SOURCE,
        help="folder to build from, the one that holds deploy.py (default: the one this script lies in)",
    )
    return made


def _run(options: argparse.Namespace, run: RunDir) -> int:
    if options.list:
        manifests = [read_manifest(run.releases / version) for version in built_versions(run)]
        rows = [(made.version, made.built_at, len(made.files), made.digest[:12]) for made in manifests]
        print(table(rows, ("VERSION", "BUILT", "FILES", "DIGEST")))
        return 0
    release = build_release(options.source.resolve(), run, options.version)
    manifest = read_manifest(release)
    print(f"{manifest.version}: {len(manifest.files)} files, digest {manifest.digest[:12]}, in {release}")
    return 0


def main() -> int:
    """Run the command; returns its exit status."""
    return execute(parser(), _run)


if __name__ == "__main__":
    sys.exit(main())
