"""What the endpoints that act have in common: their answers when something cannot be done."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import psycopg
import structlog
from fastapi import Header, HTTPException
from psycopg_pool import PoolClosed, PoolTimeout

from backend.messaging.port import BrokerError
from backend.services.common.database import UNSTORABLE
from backend.services.dlq_manager.refusals import ConflictError, NotFoundError, RefusedError

UNAVAILABLE = (psycopg.OperationalError, PoolTimeout, PoolClosed, BrokerError)
_STATUS = {NotFoundError: 404, ConflictError: 409, RefusedError: 422}
_log = structlog.get_logger()

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Chosen by the caller, the same when a request is sent again: it does not act twice.",
    ),
]


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Turn refusals into HTTP answers, each with a sentence that says what to do.

    503 means that nothing is known to have been done: with the same Idempotency-Key it is safe to ask again.
    """
    try:
        yield
    except (NotFoundError, ConflictError, RefusedError) as error:
        raise HTTPException(_STATUS[type(error)], str(error)) from error
    except psycopg.DataError as error:
        raise HTTPException(422, UNSTORABLE) from error
    except psycopg.errors.QueryCanceled as error:
        raise HTTPException(
            422,
            "That took too long to find and was stopped. Ask for less: one cause, a shorter time.",
        ) from error
    except UNAVAILABLE as error:
        _log.error("operations_database_unavailable", exc_info=error)
        raise HTTPException(
            503,
            "The database of the dead letters does not answer, so it is not known whether this was done. Try "
            "again with the same Idempotency-Key, or look first.",
        ) from error
