"""The JSON API as a FastAPI app; the server mounts it at `/api/v1`."""

import os
import secrets
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException as StarletteHTTPException

from digitlab import __version__
from digitlab.api.metrics import build_metrics
from digitlab.api.requests import ApiSettings, check_rate, read_body
from digitlab.api.schemas import Answer, Digits, ErrorMessage, Health, StartedRun
from digitlab.errors import (
    DigitlabError,
    LimitError,
    OwnerError,
    RunError,
)
from digitlab.inference.files import FileAnswer, FileDigits, prepare_digit, read_digits
from digitlab.inference.reader import DigitReader
from digitlab.model_store.card import load_card
from digitlab.model_store.store import DEFAULT_MODEL_ID, list_published_models
from digitlab.model_store.stored_model import StoredModel
from digitlab.runs.control import start_new_run
from digitlab.runs.health import describe_run, inspect_run
from digitlab.runs.run import get_run
from digitlab.settings_file import load_section
from digitlab.training.config import TrainConfig

_TOKEN_VARIABLE = "DIGITLAB_API_TOKEN"  # noqa: S105
_UPLOAD_NAME = "upload"
_DRAWING_TYPE = "application/json"
_PICTURE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/heic", "image/gif", "image/bmp")
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_CLASSIFY_BODY = {
    "requestBody": {
        "required": True,
        "description": "A picture, or the `json_data` of a canvas as `application/json`.",
        "content": {
            **dict.fromkeys(_PICTURE_TYPES, _BINARY),
            _DRAWING_TYPE: {"schema": {"type": "object"}},
        },
    }
}


def _describe(*codes: int) -> dict[int | str, dict[str, Any]]:
    texts = {
        400: "The request is malformed.",
        401: "The token is missing or wrong.",
        403: "It is switched off.",
        404: "There is no such thing.",
        413: "The body is too large.",
        415: "The body's type is not supported.",
        422: "The content cannot be used.",
        429: "Too many requests.",
    }
    return {code: {"model": ErrorMessage, "description": texts[code]} for code in (*codes, 429)}


def build_api(count_sessions: Callable[[], int] = lambda: 0) -> FastAPI:
    """Build the app.

    Args:
        count_sessions: how many browsers are connected to the pages.
    Raises:
        ConfigError: the settings file is invalid.
    """
    settings = load_section("api", ApiSettings)
    api = FastAPI(
        title="digitlab",
        version=__version__,
        description="Reads handwritten digits, and trains networks.",
        # Their scripts come from other sites, which the security headers forbid.
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(check_rate(settings))],
    )
    api.add_exception_handler(DigitlabError, _answer_error)
    api.add_exception_handler(RequestValidationError, _answer_invalid)
    # Also those of the framework, such as an unknown path.
    api.add_exception_handler(StarletteHTTPException, _answer_http_error)

    @api.get("/health", responses=_describe())
    def health() -> Health:
        """Whether the server works."""
        return Health(status="ok", version=__version__)

    measure = build_metrics(count_sessions)

    @api.get("/metrics", response_class=PlainTextResponse, responses=_describe())
    def metrics() -> Response:
        """Sessions, answers, queue, memory and disk, in Prometheus's text format."""
        return Response(measure(), media_type=CONTENT_TYPE_LATEST)

    @api.post(
        "/classify",
        openapi_extra=_CLASSIFY_BODY,
        responses=_describe(400, 404, 413, 415, 422),
    )
    async def classify(
        request: Request,
        many: Annotated[bool, Query(description="read several digits")] = False,
        model: Annotated[str, Query(description="id of a model")] = DEFAULT_MODEL_ID,
    ) -> Answer | Digits:
        """Read the digit in a picture or a drawing, or all digits."""
        is_drawing = _is_drawing(request.headers.get("content-type", ""))
        content = await read_body(request, round(settings.body_mb * 1e6))
        return await run_in_threadpool(
            _classify, content, model, is_drawing=is_drawing, is_many=many
        )

    @api.get("/models", responses=_describe())
    def models() -> list[dict[str, Any]]:
        """The models that `classify` can use, and the published models of photos, with cards."""
        return [_describe_model(model) for model in list_published_models()]

    @api.get("/runs/{run_id}", responses=_describe(404, 422))
    def show_run(run_id: str) -> dict[str, Any]:
        """The progress of a training, with one entry of `history` for each epoch."""
        try:
            run = get_run(run_id)
        except RunError as error:
            raise HTTPException(404, str(error)) from error
        return describe_run(run, inspect_run(run))

    @api.post(
        "/runs",
        status_code=201,
        dependencies=[Depends(_check_token)],
        responses=_describe(400, 401, 403, 422),
    )
    def start(
        settings: Annotated[
            dict[str, Any], Body(description="settings as in config.json; the others are defaults")
        ],
    ) -> StartedRun:
        """Start a training."""
        run = start_new_run(TrainConfig.from_json(settings), label="Started by the API")
        return StartedRun(id=run.id)

    return api


def _is_drawing(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _DRAWING_TYPE:
        return True
    if kind.startswith("image/") or kind == "application/octet-stream":
        return False
    raise HTTPException(
        415,
        f"The body's type is {kind or 'missing'}. Send a picture as {', '.join(_PICTURE_TYPES)}, "
        f"or a canvas drawing as {_DRAWING_TYPE}.",
    )


def _classify(content: bytes, model_id: str, *, is_drawing: bool, is_many: bool) -> Answer | Digits:
    models = {model.id: model for model in list_published_models() if model.reads_digits}
    if model_id not in models:
        raise HTTPException(
            404,
            f"There is no model {model_id!r} that reads digits. Available: {', '.join(models)}.",
        )
    reader = _get_reader(models[model_id])
    if is_many:
        digits = read_digits(content, reader, is_drawing=is_drawing)
        return Digits(**FileDigits(_UPLOAD_NAME, digits).to_json())
    answer = reader.read(prepare_digit(content, reader, is_drawing=is_drawing))
    return Answer(**FileAnswer(_UPLOAD_NAME, answer).to_json())


def _get_reader(model: StoredModel) -> DigitReader:
    # A model that was replaced under the same id is loaded again.
    return _load_reader(model.directory, model.sha256)


@lru_cache(maxsize=2)
def _load_reader(directory: Path, _sha256: str) -> DigitReader:
    return StoredModel(directory.name, directory, load_card(directory)).open_reader()


def _describe_model(model: StoredModel) -> dict[str, Any]:
    card = {name: value for name, value in model.card.items() if name != "owner"}
    return {"id": model.id, **card}


def _check_token(
    given: Annotated[
        HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))
    ] = None,
) -> None:
    token = os.environ.get(_TOKEN_VARIABLE, "")
    if not token:
        raise HTTPException(403, f"Starting trainings is off: the server has no {_TOKEN_VARIABLE}.")
    if given is None or not secrets.compare_digest(given.credentials.encode(), token.encode()):
        raise HTTPException(401, "The token is missing or wrong: `Authorization: Bearer TOKEN`.")


def _answer_error(_: Request, error: Exception) -> JSONResponse:
    codes: dict[type[Exception], int] = {OwnerError: 403, LimitError: 429}
    return JSONResponse({"error": str(error)}, codes.get(type(error), 422))


def _answer_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return JSONResponse({"error": f"{place}: {first['msg']}."}, 422)


def _answer_http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)
