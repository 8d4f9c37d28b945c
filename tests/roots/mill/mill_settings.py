"""What the mill can be told."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class WheelSettings(BaseSettings):
    """The wheel."""

    model_config = SettingsConfigDict(env_prefix="MILL_WHEEL_")

    speed: int = Field(12, description="Turns in a minute.", ge=1, le=30, json_schema_extra={"unit": None})
    names: list[str] = Field([], description="What the wheels are called.")
    key: str = Field(description="Must be given.")
