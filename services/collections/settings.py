"""The settings of collections."""

from shared.settings import ServiceSettings


class CollectionsSettings(ServiceSettings):
    """What all services need; policies are data, not settings."""
