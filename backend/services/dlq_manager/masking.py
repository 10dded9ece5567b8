"""Takes secrets out of what leaves the service in a bundle, by the rules of the logs.

Known secrets go wherever they stand; besides, the value of anything whose name says that it is secret.
"""

import json
import re
from typing import Any

from backend.services.common.telemetry import REDACTED, SENSITIVE_WORDS, SecretFilter
from backend.services.dlq_manager.json_spans import Node, NotJsonError, read_spans

_NAMES = "|".join(re.escape(word) for word in SENSITIVE_WORDS)
_NAMED = re.compile(
    rf"(?i)([\w-]*(?:{_NAMES})[\w-]*[\"']?\s*[:=]\s*[\"']?)((?:(?:bearer|basic)\s+)?[^\s\"'&,;}}\]]+)"
)
_BEARER = re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]{6,}")
_IN_ADDRESS = re.compile(r"(://[^\s/:@]*:)[^\s/@]+(@)")


class Masker:
    """Masks texts, headers and payloads."""

    def __init__(self, secrets: SecretFilter) -> None:
        self._secrets = secrets

    def text(self, text: str) -> str:
        """A text, such as an error message or a stack trace."""
        text = _IN_ADDRESS.sub(rf"\1{REDACTED}\2", self._secrets.clean(text))
        return _BEARER.sub(rf"\1{REDACTED}", _NAMED.sub(rf"\1{REDACTED}", text))

    def value(self, value: Any, name: str = "") -> Any:
        """A value out of JSON, with everything in it."""
        if isinstance(value, str):
            return REDACTED if is_sensitive(name) and value else self.text(value)
        if isinstance(value, dict):
            return {key: self.value(item, str(key)) for key, item in value.items()}
        return [self.value(item, name) for item in value] if isinstance(value, list) else value

    def payload(self, body: bytes) -> bytes:
        """The bytes without what is secret: in JSON by the names of values, elsewhere by the text."""
        text = body.decode("utf-8", "surrogateescape")
        try:
            masked = _masked_json(text, read_spans(text))
        except NotJsonError:
            masked = _NAMED.sub(rf"\1{REDACTED}", text)
        return self._secrets.clean(masked).encode("utf-8", "surrogateescape")


def is_sensitive(name: str) -> bool:
    """Whether a value of this name is secret."""
    return any(word in name.lower() for word in SENSITIVE_WORDS)


def _masked_json(text: str, root: Node) -> str:
    spans: list[tuple[int, int]] = []
    waiting = [(root, False)]
    while waiting:
        node, secret = waiting.pop()
        if secret and node.kind == "scalar" and text[node.start] == '"' and node.end - node.start > 2:
            spans.append((node.start, node.end))
        names = [json.loads(text[key.start : key.end]) for key in node.keys] or [""] * len(node.items)
        waiting += [
            (item, secret or is_sensitive(name)) for item, name in zip(node.items, names, strict=True)
        ]
    for start, end in sorted(spans, reverse=True):
        text = f'{text[:start]}"{REDACTED}"{text[end:]}'
    return text
