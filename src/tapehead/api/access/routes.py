"""The audit log over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from tapehead.api.routes.runs import service_of
from tapehead.api.wire.problem import answers
from tapehead.model.spec import iso

router = APIRouter(prefix="/api/v1", tags=["access"])
_LARGEST = 1000


class AuditRow(BaseModel):
    """One write."""

    number: int
    at: str = Field(description="ISO 8601, UTC.")
    who: str = Field(description="Prefix of a key, or `loopback` where none was needed.")
    address: str
    method: str
    path: str
    status: int = Field(description="HTTP status; of a stream the one it began with.")
    request_id: str


class AuditPage(BaseModel):
    """Writes, newest first."""

    audit: list[AuditRow]
    cursor: int | None = Field(description="Asks for the next page; null at the end.")


@router.get("/audit", response_model=AuditPage, responses=answers())
def audit(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=_LARGEST, description="Rows of a page.")] = 100,
    cursor: Annotated[int | None, Query(ge=1, le=2**53, description="Of the page before.")] = None,
    who: Annotated[str | None, Query(min_length=1, max_length=64, description="Of one key alone.")] = None,
) -> AuditPage:
    """List who wrote what, and how it ended; what was refused for want of scope too."""
    rows = service_of(request).house.access.audit(before=cursor, limit=limit + 1, who=who)
    page = [
        AuditRow(
            number=row.number,
            at=iso(row.at),
            who=row.who,
            address=row.address,
            method=row.method,
            path=row.path,
            status=row.status,
            request_id=row.request,
        )
        for row in rows[:limit]
    ]
    return AuditPage(audit=page, cursor=page[-1].number if len(rows) > limit else None)
