"""The one place where the HTTP client library is imported, so that changing it is one line."""

import httpx

__all__ = ["httpx"]
