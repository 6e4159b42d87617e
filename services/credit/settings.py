"""The settings of credit."""

from pathlib import Path

from shared.settings import ServiceSettings

_DEFAULT_POLICY = Path(__file__).parent / "policies" / "default.yaml"


class CreditSettings(ServiceSettings):
    """What all services need, and where the credit policy and the files of outside sources lie."""

    credit_policy_file: Path = _DEFAULT_POLICY
    credit_sources_folder: Path | None = None
