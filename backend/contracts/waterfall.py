"""The waterfall configuration on the wire: which source gives each field, in numbered versions."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode


class WhenUnavailable(StrEnum):
    """What a field does when a source whose turn it is cannot be asked now."""

    SKIP = "skip"
    """The next source may give the value, which is then marked degraded and sought again later."""
    WAIT = "wait"
    """No later source is taken; the field stays as it was until the source answers again."""


class OnDisagreement(StrEnum):
    """Which value is taken when several sources that were asked have different ones."""

    FIRST = "first"
    """That of the first source above its threshold; later sources are not asked for the field's sake."""
    SUREST = "surest"
    """The one with the highest confidence of all enabled sources above their thresholds."""
    MAJORITY = "majority"
    """The one that most independent sources give; sources fed by the same labels count once. The order
    decides a tie."""


class WaterfallStep(BaseModel):
    """One source in a field's waterfall."""

    provider: str
    enabled: bool
    min_confidence: float = Field(ge=0, le=1)
    """A value is taken when its confidence reaches this."""
    reliability: float = Field(default=1.0, ge=0, le=1)
    """How often the provider is right about this field when the track was matched correctly."""


class WaterfallField(BaseModel):
    """The ordered sources of one field, and its policies."""

    field: str
    required_for_gold: bool
    sources: list[WaterfallStep]
    when_unavailable: WhenUnavailable = WhenUnavailable.SKIP
    on_disagreement: OnDisagreement = OnDisagreement.FIRST
    keep_days: int | None = Field(default=None, ge=1, le=3650)
    """A value older than this is sought again when the track is next asked for; None: kept for ever."""


class WaterfallConfiguration(BaseModel):
    """A version of the waterfall. Versions that have been in force never change."""

    version: int
    activated_at: datetime
    """When it was last put in force; for a version that never was, when it was made."""
    fields: list[WaterfallField]
    author: str = ""
    comment: str = ""


class VersionSummary(BaseModel):
    """A row of the history: `GET /admin/waterfall/versions`."""

    version: int
    created_at: datetime
    author: str
    comment: str
    base_version: int | None
    """The version it was made from."""
    in_force: bool
    fields_changed: list[str] = Field(default_factory=list)
    """Against `base_version`, in alphabetical order."""


class WaterfallChange(BaseModel):
    """Body of `POST /admin/waterfall/versions`: the whole next version."""

    model_config = ConfigDict(str_strip_whitespace=True)

    base_version: int
    """The version in force that the author saw; another one in force means 409."""
    author: str = Field(min_length=1, max_length=200)
    comment: str = Field(min_length=1, max_length=2000)
    fields: list[WaterfallField] = Field(min_length=1, max_length=200)

    @field_validator("author", "comment", mode="after")
    @classmethod
    def _storable(cls, value: str) -> str:
        """PostgreSQL cannot store NUL in a text; refused here, where the caller can still correct it."""
        if "\x00" in value:
            raise ValueError("must not contain the NUL character")
        return value


class WaterfallProblem(BaseModel):
    """Something in a configuration that cannot be applied; an element of the 422's `problems`."""

    field: str
    provider: str | None = None
    problem: str
    """A sentence for the operator: what is wrong and what to do."""


class WaterfallRefusal(BaseModel):
    """Body of the 422: the waterfall breaks the rules of `waterfall_rules`. Nothing was changed."""

    detail: str
    """All problems in one text."""
    problems: list[WaterfallProblem]


class WaterfallConflict(BaseModel):
    """Body of the 409: another version came into force meanwhile. Nothing was changed."""

    detail: str
    in_force: WaterfallConfiguration


class WaterfallConflictError(OperatorError):
    """Another version came into force since the draft was begun; `in_force` is that version."""

    def __init__(self, message: str, remedy: str, in_force: WaterfallConfiguration) -> None:
        super().__init__(message, remedy, exit_code=ExitCode.REFUSED)
        self.in_force = in_force


class FieldCoverage(BaseModel):
    """How one field stands in Gold; an element of `GET /admin/waterfall/coverage`."""

    field: str
    tracks: int
    """All tracks that anything is known of: in Gold, or with stored answers only, as the preview counts."""
    filled: int
    mean_confidence: float | None
    by_provider: dict[str, int] = Field(default_factory=dict)
    """How many of the values each provider gave."""
    degraded: int = 0
    """Values taken from a later source because an earlier one could not be asked."""


class WaterfallDraft(BaseModel):
    """What an operator is editing, as kept between two starts of the console."""

    base: WaterfallConfiguration
    """The version in force when the draft was begun."""
    fields: list[WaterfallField]
    changed_at: datetime
