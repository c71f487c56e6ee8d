"""What an owner configures about an installation, from LINLI_… environment variables."""

from __future__ import annotations

import secrets
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Config(BaseSettings):
    """Where the data lives, how to reach the database, and where the web server listens."""

    model_config = SettingsConfigDict(env_prefix="LINLI_", extra="ignore")

    home: Path = Path("linli-data")
    database_url: str = ""
    secret_key: SecretStr = SecretStr("")
    host: str = "127.0.0.1"
    port: int = 8620
    public_url: str = ""
    development: bool = False
    log_level: str = "INFO"
    pool_size: int = 20
    statement_timeout_ms: int = 60_000

    def key(self) -> bytes:
        """Return the installation's secret of 32 bytes; it is made once and kept in the home folder unless
        configured."""
        configured = self.secret_key.get_secret_value()
        if configured:
            return configured.encode()
        self.home.mkdir(parents=True, exist_ok=True)
        path = self.home / "secret.key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32))
        return bytes.fromhex(path.read_text().strip())

    def base_url(self) -> str:
        """Return the address under which the outside world reaches this installation."""
        return self.public_url or f"http://{self.host}:{self.port}"
