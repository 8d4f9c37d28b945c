"""The settings that each version was deployed with: kept, so what was changed since can be named and put back.

A rollback changes no setting: people may have changed some for good reasons meanwhile, and a password that was rotated
must not come back. It does say which settings are not those that the version had when it was deployed.
"""

from pathlib import Path

from audio_enhancement.rundir import RunDir
from audio_enhancement.settings import SECRETS
from audio_enhancement.stack.render import read_env, write_env


def deployed_settings(run: RunDir, environment: str) -> Path:
    """Settings that the version which serves was deployed with (mode 0600), with the secrets as they are now."""
    return run.state / run.environment_file(environment).name


def keep_settings(run: RunDir, environment: str, colour: str) -> None:
    """Keep the present settings as those that the version in ``colour`` is deployed with."""
    settings = read_env(run.environment_file(environment))
    write_env(deployed_settings(run, environment), settings)
    write_env(_of(run, colour), {name: value for name, value in settings.items() if name not in SECRETS})


def recall_settings(run: RunDir, environment: str, colour: str) -> None:
    """Compare from now on with what the version in ``colour`` was deployed with."""
    write_env(deployed_settings(run, environment), _deployed(run, environment, colour))


def changed_settings(run: RunDir, environment: str, colour: str) -> list[str]:
    """Names of the settings that are not what the version in ``colour`` was deployed with; never their values."""
    now, deployed = read_env(run.environment_file(environment)), _deployed(run, environment, colour)
    return sorted(name for name in deployed.keys() | now.keys() if deployed.get(name) != now.get(name))


def _deployed(run: RunDir, environment: str, colour: str) -> dict[str, str]:
    """What the version in ``colour`` was deployed with; the secrets are those of the version that serves."""
    deployed = read_env(deployed_settings(run, environment))
    if not (kept := _of(run, colour)).exists():  # a colour that was deployed before they were kept
        return deployed
    return read_env(kept) | {name: value for name, value in deployed.items() if name in SECRETS}


def _of(run: RunDir, colour: str) -> Path:
    """Where the settings of a colour are kept, without secrets: one that was rotated must be in one place only."""
    return run.state / f"{colour}.env"
