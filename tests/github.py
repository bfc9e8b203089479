"""The part of GitHub's API that comments need, served on a local socket."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any, Final

_PAGE: Final = 100


class Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True

    def get_request(self) -> tuple[Any, Any]:
        request, _ = super().get_request()
        return request, ("local", 0)  # the handler wants a host and a port


class GitHub:
    """A pull request's comments as one token sees them; a read-only token is refused."""

    def __init__(self, socket: Path, *, is_read_only: bool = False) -> None:
        self.comments: list[dict[str, Any]] = []
        self.is_read_only = is_read_only
        self.requests: list[str] = []
        github = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self._response()

            def do_PATCH(self) -> None:
                self._response()

            def log_message(self, *_: object) -> None:
                pass

            def _response(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, response = github.response(self.command, self.path, asked)
                data = json.dumps(response).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self._server = Server(str(socket), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, body: str, *, is_mine: bool) -> None:
        self.comments.append(
            {"databaseId": len(self.comments) + 1, "body": body, "viewerDidAuthor": is_mine}
        )

    def response(self, method: str, path: str, asked: dict[str, Any]) -> tuple[int, Any]:
        self.requests.append(f"{method} {path}")
        if path.endswith("/graphql"):
            return 200, self._page(asked["variables"])
        if self.is_read_only:
            return 403, {"message": "Resource not accessible by integration"}
        if method == "POST":
            assert re.search(r"/repos/dev/prompts/issues/7/comments$", path), path
            self.add(asked["body"], is_mine=True)
            return 201, {}
        number = re.search(r"/repos/dev/prompts/issues/comments/(\d+)$", path)
        assert number, path
        self.comments[int(number[1]) - 1]["body"] = asked["body"]
        return 200, {}

    def _page(self, variables: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        assert (variables["owner"], variables["name"], variables["number"]) == ("dev", "prompts", 7)
        begin = int(variables.get("endCursor") or 0)
        end = begin + _PAGE
        more = {"hasNextPage": end < len(self.comments), "endCursor": str(end)}
        found = {"nodes": self.comments[begin:end], "pageInfo": more}
        return {"data": {"repository": {"pullRequest": {"comments": found}}}}
