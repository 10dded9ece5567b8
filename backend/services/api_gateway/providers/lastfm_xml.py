"""Last.fm's XML, read into the mapping that its JSON has for the same document."""

from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from backend.services.api_gateway.outcomes import ContractError


@dataclass
class _Element:
    attributes: dict[str, str]
    children: dict[str, list[Any]] = field(default_factory=dict)
    text: str = ""

    def value(self) -> Any:
        """As in Last.fm's JSON: repeated elements are a list, attributes stand beside `#text`."""
        if not self.children:
            return {"#text": self.text, **self.attributes} if self.attributes else self.text
        mapped: dict[str, Any] = {
            name: values if len(values) > 1 else values[0] for name, values in self.children.items()
        }
        return {**mapped, "@attr": self.attributes} if self.attributes else mapped


class _Builder:
    """Takes expat's events. `top` holds the document's only element, once it has ended."""

    def __init__(self) -> None:
        self.top = _Element({})
        self._open = [self.top]

    def start(self, _name: str, attributes: dict[str, str]) -> None:
        self._open.append(_Element(attributes))

    def characters(self, text: str) -> None:
        self._open[-1].text += text

    def end(self, name: str) -> None:
        element = self._open.pop()
        self._open[-1].children.setdefault(name, []).append(element.value())


def read_xml(body: bytes) -> dict[str, Any]:
    """What stands in `lfm`, or `error` and `message` when it says `failed`.

    ContractError for anything else, and for a document type: only there can entities be declared, and
    Last.fm sends none. Names are taken as they stand, because its `opensearch:` prefix is bound to nothing.
    """
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.StartElementHandler = builder.start
    parser.CharacterDataHandler = builder.characters
    parser.EndElementHandler = builder.end
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # the latter two: an unknown encoding
        raise ContractError("the answer is not well-formed XML") from error
    return _unwrapped(builder.top.children.get("lfm", [None])[0])


def _refuse_document_type(*_declaration: object) -> None:
    raise ContractError("the answer is XML with a document type, which Last.fm does not send")


def _unwrapped(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise ContractError("the answer is XML but not Last.fm's")
    if document.get("@attr", document).get("status") != "failed":
        return {name: value for name, value in document.items() if name != "@attr"}
    match document.get("error"):
        case {"code": str(code), "#text": str(message)} if code.isdecimal():
            return {"error": int(code), "message": message.strip()}
    raise ContractError("the answer is an error without a code")
