"""A profile as a form has it: text for each field, and in plain words what is wrong with which.

The fields are named as in the file: `tier`, `ports.gateway`, `compose.docker_host`, `providers.deezer`. An
empty text means that the file says nothing and the default holds.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from backend.contracts.environment import (
    PROVIDERS,
    ComposeSettings,
    Environment,
    Ports,
    ProviderMode,
    TargetKind,
    Tier,
)

Values = Mapping[str, str]

PORTS: tuple[str, ...] = tuple(Ports.model_fields)
COMPOSE: tuple[str, ...] = tuple(ComposeSettings.model_fields)
CHOICES: Mapping[str, tuple[str, ...]] = {
    "kind": tuple(TargetKind),
    "tier": tuple(Tier),
    "compose.simulated": ("true", "false"),
    **{f"providers.{name}": tuple(ProviderMode) for name in PROVIDERS},
}
FIELDS: tuple[str, ...] = (
    "kind",
    "tier",
    "host",
    "database",
    "database_user",
    "watch_minutes",
    "prometheus_url",
    "grafana_url",
    *(f"ports.{name}" for name in PORTS),
    *(f"compose.{name}" for name in COMPOSE),
    *(f"providers.{name}" for name in PROVIDERS),
)
"""Every field, in the order of the file."""

_NUMBERS = {"watch_minutes", "compose.workers", *(f"ports.{name}" for name in PORTS)}
_ADDRESSES = ("prometheus_url", "grafana_url")


def default_of(field: str, kind: str = TargetKind.LOCAL) -> str:
    """What holds when nothing is said; empty when that is nothing."""
    return values_of(Environment(name="any", kind=TargetKind(kind))).get(field, "")


def values_of(environment: Environment) -> dict[str, str]:
    """The texts of a profile; fields that it does not have are left out."""
    content = environment.model_dump(mode="json", exclude={"name"})
    return {name: text for name in FIELDS if (text := _text_at(content, name))}


def texts_of(content: Mapping[str, Any]) -> dict[str, str]:
    """The texts of a file's content, whatever is wrong with it; what is no field is left out."""
    return {name: text for name in FIELDS if (text := _text_at(content, name))}


def unknown_entries(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Entries of a file that are no fields, as `ports.ftp`."""
    found = []
    for name, value in content.items():
        nested = value.items() if isinstance(value, Mapping) else ()
        if nested or isinstance(value, Mapping):
            found += [f"{name}.{each}" for each, _ in nested if f"{name}.{each}" not in FIELDS]
        elif name not in FIELDS:
            found.append(name)
    return tuple(found)


def content_of(values: Values) -> dict[str, Any]:
    """What the file would say. Texts that are no numbers stay texts; what belongs to another kind goes."""
    content: dict[str, Any] = {}
    for name in FIELDS:
        text = values.get(name, "").strip()
        if not text or (name.startswith("compose.") and values.get("kind") != TargetKind.COMPOSE):
            continue
        part, _, key = name.rpartition(".")
        (content.setdefault(part, {}) if part else content)[key] = _typed(name, text)
    return content


def read_form(name: str, values: Values) -> tuple[Environment | None, dict[str, str]]:
    """The profile, or what is wrong with which field; `name` is a field too."""
    content = content_of(values)
    problems = _beforehand(values)
    try:
        environment = Environment.model_validate({"name": name, **content})
    except ValidationError as error:
        for each in error.errors(include_url=False):
            field, words = _explained(each)
            problems.setdefault(field, words)
        return None, problems
    return (None, problems) if problems else (environment, {})


def _beforehand(values: Values) -> dict[str, str]:
    """What the profile itself does not refuse, or would refuse without saying where."""
    found = {}
    for name in _ADDRESSES:
        if text := values.get(name, "").strip():
            found[name] = _wrong_address(text)
    if host := values.get("host", "").strip():
        found["host"] = "" if host.isprintable() and not set(host) & set(" /@") else (
            "Only a name or an address, without http:// and without a port."
        )  # fmt: skip
    return {name: words for name, words in (found | _shared_ports(values)).items() if words}


def _wrong_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        return "Write it as http://host:port or https://host."
    if parts.username or parts.password:
        return "No user or password here: profiles never hold secrets."
    return ""


def _shared_ports(values: Values) -> dict[str, str]:
    numbers = {name: values.get(f"ports.{name}", "").strip() or default_of(f"ports.{name}") for name in PORTS}
    found = {}
    for name, number in numbers.items():
        others = [other for other in PORTS if other != name and numbers[other] == number]
        if others and values.get(f"ports.{name}", "").strip():
            found[f"ports.{name}"] = f"{number} is also the port of {others[0].replace('_', '-')}."
    return found


def _explained(error: ErrorDetails) -> tuple[str, str]:
    """The field and plain words."""
    field = ".".join(str(part) for part in error["loc"])
    context = error.get("ctx", {})
    message = error["msg"].removeprefix("Value error, ")
    match error["type"]:
        case "int_parsing" | "int_type" | "int_from_float":
            message = "Not a whole number."
        case "greater_than_equal" | "less_than_equal":
            message = f"Give {_range_of(field)}."
        case "string_pattern_mismatch" if field == "name":
            message = "Small letters, digits and hyphens, a letter first, at most 31."
        case "string_pattern_mismatch":
            message = "Small letters, digits, hyphens and underscores only."
        case "enum":
            message = f"One of {context.get('expected', '').replace(chr(39), '')}."
        case "bool_parsing" | "bool_type":
            message = "true or false."
        case "extra_forbidden":
            message = "The console does not know this entry."
        case "value_error" if field == "compose":
            field = "compose.tls_folder"
        case "value_error" if field == "ports":
            field = next((f"ports.{name}" for name in PORTS if f"({name} " in message), "ports.gateway")
    # An address at the beginning stays as it was typed.
    if "://" not in message.split(" ")[0]:
        message = f"{message[:1].upper()}{message[1:]}"
    return field, message if message.endswith(".") else f"{message}."


def _range_of(field: str) -> str:
    if field.startswith("ports."):
        return "1 to 65535"
    return "0 to 64" if field == "compose.workers" else "0 to 240 minutes"


def _typed(name: str, text: str) -> Any:
    if name in _NUMBERS:
        return int(text) if text.lstrip("+-").isascii() and text.lstrip("+-").isdigit() else text
    return text == "true" if name == "compose.simulated" and text in ("true", "false") else text


def _text_at(content: Mapping[str, Any], name: str) -> str:
    part, _, key = name.rpartition(".")
    holder = content.get(part) if part else content
    value = holder.get(key) if isinstance(holder, Mapping) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
