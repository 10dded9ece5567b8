"""The configuration as the admin endpoints show it, the reference's names included."""

from datetime import datetime
from typing import Any

from backend.contracts.waterfall import WaterfallConfiguration, WaterfallField
from backend.services.metadata_enrichment.configuration.holder import CHECK_SECONDS


def configuration_view(configuration: WaterfallConfiguration, loaded_at: datetime | None) -> dict[str, Any]:
    """Answer of `GET /admin/config`: by source for the playbook, by field as in the reference."""
    return {
        "status": "success",
        "version": configuration.version,
        "activated_at": configuration.activated_at,
        "waterfall_sources": {name: _source(configuration, name) for name in source_names(configuration)},
        "configuration": {
            "total_fields": len(configuration.fields),
            "last_reload": loaded_at.timestamp() if loaded_at else None,
            "reload_interval_seconds": CHECK_SECONDS,
            "fields": {field.field: _summary(field, configuration) for field in configuration.fields},
        },
        "note": "A newly activated version is in force within two seconds.",
    }


def field_view(field: WaterfallField) -> dict[str, Any]:
    """Answer of `GET /admin/config/field/{field}`."""
    priorities = [
        {
            "priority": position,
            "provider": step.provider,
            "min_confidence": step.min_confidence,
            "reliability": step.reliability,
            "enabled": step.enabled,
        }
        for position, step in enumerate(field.sources, start=1)
    ]
    return {
        "field": field.field,
        "enabled": any(step.enabled for step in field.sources),
        "required_for_gold": field.required_for_gold,
        "waterfall_priorities": priorities,
        "provider_count": len(priorities),
    }


def providers_view(configuration: WaterfallConfiguration) -> dict[str, Any]:
    """Answer of `GET /admin/config/providers`."""
    names = source_names(configuration)
    providers = [{"name": name, "type": "api", **_source(configuration, name)} for name in names]
    return {"providers": providers, "total_providers": len(providers)}


def source_names(configuration: WaterfallConfiguration) -> list[str]:
    """Every provider the configuration names, in alphabetical order."""
    return sorted({step.provider for field in configuration.fields for step in field.sources})


def _source(configuration: WaterfallConfiguration, provider: str) -> dict[str, Any]:
    steps = [
        (field.field, position, step)
        for field in configuration.fields
        for position, step in enumerate(field.sources, start=1)
        if step.provider == provider
    ]
    return {
        "enabled": any(step.enabled for _, _, step in steps),
        "supported_fields": [field for field, _, _ in steps],
        "positions": {field: position for field, position, _ in steps},
    }


def _summary(field: WaterfallField, configuration: WaterfallConfiguration) -> dict[str, Any]:
    return {
        "enabled": any(step.enabled for step in field.sources),
        "required_for_gold": field.required_for_gold,
        "provider_count": len(field.sources),
        "providers": [step.provider for step in field.sources],
        "last_updated": configuration.activated_at,
    }
