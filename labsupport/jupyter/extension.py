"""The part of Jupyter's server that is the course's: `GET /course/contents`, for the first page (see labextension/)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from labsupport.errors import CourseError


class Contents(APIHandler):
    """The contents as JSON (labsupport.jupyter.contents.read)."""

    @web.authenticated
    async def get(self) -> None:
        # it reads files and asks the engine: not in the loop that also serves kernels and terminals
        try:
            self.finish(json.dumps(await asyncio.to_thread(_read)))
        except CourseError as error:
            self.set_status(503)
            self.finish(json.dumps({"message": str(error)}))


def _read() -> dict[str, Any]:
    from labsupport.jupyter import contents  # the exercises come along: only a page that asks for them pays

    return contents.read()


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    route = url_path_join(server.web_app.settings["base_url"], "course", "contents")
    server.web_app.add_handlers(".*$", [(route, Contents)])
