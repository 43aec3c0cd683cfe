"""How large requests may be, and how many."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import HTTPException, Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


@dataclass(frozen=True)
class ApiSettings:
    """One field for each line of `[api]` in the settings file, which explains them."""

    requests_per_minute: int
    body_mb: float


def check_rate(settings: ApiSettings) -> Callable[[Request], None]:
    """Build the check that an address does not send more requests than it may."""
    limiter = MovingWindowRateLimiter(MemoryStorage())
    rate = RateLimitItemPerMinute(settings.requests_per_minute)

    def check(request: Request) -> None:
        address = request.client.host if request.client else ""
        if not limiter.hit(rate, address):
            raise HTTPException(
                429,
                f"More than {settings.requests_per_minute} requests within a minute. Wait a "
                "moment.",
                headers={"Retry-After": "60"},
            )

    return check


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The body of a request, of which no more than the limit is kept in memory.

    Raises:
        HTTPException: it is empty or too large.
    """
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > max_bytes:
            raise HTTPException(413, f"The body has more than {max_bytes / 1e6:g} MB.")
    if not content:
        raise HTTPException(400, "The body is empty. Send a picture, or a canvas drawing as JSON.")
    return bytes(content)
