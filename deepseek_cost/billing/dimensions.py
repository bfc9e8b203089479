"""Dimensions that a bill can be broken down by."""

from enum import StrEnum


class By(StrEnum):
    """What a bill can be broken down by."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    HOUR = "hour"
    SESSION = "session"
    PROJECT = "project"
    AGENT = "agent"
    MODEL = "model"
    KEY = "key"

    @property
    def is_time(self) -> bool:
        """Whether this is a span of time."""
        return self in (By.DAY, By.WEEK, By.MONTH, By.HOUR)
