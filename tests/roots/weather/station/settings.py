"""Settings of the weather station."""

from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Interval
from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Scale(Enum):
    """A temperature scale."""

    CELSIUS = "celsius"
    KELVIN = "kelvin"


class CommonSettings(BaseSettings):
    """What both have."""

    log_level: Literal["debug", "info"] = Field("info", description="Least severe message that is logged.")


class SensorSettings(CommonSettings):
    """How often the sensor looks, and at what."""

    model_config = SettingsConfigDict(env_prefix="WS_SENSOR_")

    interval_s: float = Field(
        30, ge=0.5, le=3600, description="Pause between two readings.", json_schema_extra={"unit": "s", "restart": True}
    )
    average: int = Field(
        5, gt=0, description="Readings that are averaged.", json_schema_extra={"unit": "readings", "restart": False}
    )
    offset: Annotated[float, Interval(gt=-5, lt=5)] | None = Field(
        None, description="Correction that is added.", json_schema_extra={"unit": "K"}
    )
    scale: Scale = Field(Scale.CELSIUS, description="Scale of the readings.")
    device: Path = Field(description="The sensor's device file.")
    ports: list[int] = Field([1, 2], description="Inputs that are read.", json_schema_extra={"unit": None})
    grace: timedelta = Field(timedelta(minutes=2), description="Silence that is accepted.")

    def reading(self) -> float:
        """Take one reading."""
        return 0.0


class Retry(BaseModel):
    """How often to try again."""

    limit: int = Field(3, ge=0, description="Further attempts.", json_schema_extra={"unit": "attempts"})


class SenderSettings(BaseSettings):
    """Where readings go."""

    model_config = SettingsConfigDict(env_prefix="WS_SENDER_", env_nested_delimiter="__")

    token: SecretStr = Field(SecretStr("tok-hunter2"), description="Token of the collecting service.")
    password: SecretStr = Field(description="Password; there is none by default.")
    proxy_key: SecretStr | None = Field(None, description="Key of the proxy, if it wants one.")
    url: str = Field("https://bob:hunter2@collect.example/in", description="Where readings go. See `bad_reading`.")
    station: str = Field("roof", validation_alias="STATION_NAME", description="Name of this station.")
    retry: Retry = Retry()


class UnlistedSettings(BaseSettings):
    """Settings that conf.py does not list."""

    depth_m: int = Field(2, description="Depth of the ground probe.", json_schema_extra={"unit": "m"})
    pin: SecretStr = Field(SecretStr("hunter2-pin"), description="PIN of the probe.")
