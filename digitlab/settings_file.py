"""The settings of the server: `digitlab.toml`, which environment variables override."""

import os
import tomllib
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from digitlab.errors import ConfigError
from digitlab.paths import PROJECT_DIR

T = TypeVar("T")

_FILE = PROJECT_DIR / "digitlab.toml"


def load_section(section: str, kind: type[T]) -> T:
    """The settings of one section as a dataclass with a field for each line.

    Raises:
        ConfigError: the file or an environment variable is invalid; the message names it.
    """
    prefix = f"DIGITLAB_{section.upper()}_"
    values = tomllib.loads(_FILE.read_text("utf-8"))[section]
    values = {name: os.environ.get(prefix + name.upper(), values[name]) for name in values}
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise ConfigError(
            f"{section}.{name} in digitlab.toml, or {prefix}{name.upper()}, is "
            f"{first['input']!r}: {first['msg']}."
        ) from error
