"""A small browser over urllib: cookies, JSON, and the posting of a page's own forms."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode, urljoin

TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: status, headers, bytes, and the path it came from."""

    status: int
    headers: Message
    body: bytes
    path: str

    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body as JSON.  Raises ValueError."""
        return json.loads(self.body)

    def code(self) -> str:
        """Return the code of the API's first error, or ""."""
        try:
            return str(self.json()["errors"][0]["code"])
        except (ValueError, KeyError, TypeError, IndexError):
            return ""

    def errors(self) -> str:
        """Return the error texts that a page of the admin shows."""
        page = _Page()
        page.feed(self.text())
        return f"{self.status} {' '.join(page.errors)[:300]}"


@dataclass
class _Form:
    action: str
    values: list[tuple[str, str]] = field(default_factory=list)


class _Page(HTMLParser):
    """Forms by id with the values a browser would send, and the texts of error boxes."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, _Form] = {}
        self.errors: list[str] = []
        self._form: _Form | None = None
        self._textarea: str | None = None
        self._text: list[str] = []
        self._select: str | None = None
        self._option: tuple[str, bool] | None = None
        self._picked: str | None = None
        self._first: str | None = None
        self._several = False
        self._in_error = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what belongs to the open form."""
        given = {name: value or "" for name, value in attrs}
        css = given.get("class", "")
        if "error" in css or given.get("role") == "alert":
            self._in_error += 1
        if tag == "form":
            self._form = _Form(given.get("action", ""))
            self.forms[given.get("id", f"form-{len(self.forms)}")] = self._form
        elif self._form is not None:
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        name = given.get("name", "")
        if tag == "input" and name:
            kind = given.get("type", "text")
            if kind in ("checkbox", "radio") and "checked" not in given:
                return
            if kind not in ("submit", "button", "file", "image"):
                self._add(name, given.get("value", "on" if kind == "checkbox" else ""))
        elif tag == "textarea":
            self._textarea, self._text = name, []
        elif tag == "select":
            self._select, self._picked, self._first = name, None, None
            # Of a list that takes several only what is chosen is sent.
            self._several = "multiple" in given
        elif tag == "option" and self._select is not None:
            value = given.get("value", "")
            self._first = value if self._first is None else self._first
            if "selected" in given:
                self._picked = value

    def handle_endtag(self, tag: str) -> None:
        """Close what was open."""
        if tag == "form":
            self._form = None
        elif tag == "textarea" and self._textarea is not None:
            self._add(self._textarea, "".join(self._text).removeprefix("\n"))
            self._textarea = None
        elif tag == "select" and self._select is not None:
            if self._picked is not None or not self._several:
                self._add(self._select, self._picked if self._picked is not None else self._first or "")
            self._select = None
        if self._in_error and tag in ("div", "ul", "p", "li", "span"):
            self._in_error -= 1

    def handle_data(self, data: str) -> None:
        """Keep the text of an open textarea and of error boxes."""
        if self._textarea is not None:
            self._text.append(data)
        if self._in_error and data.strip():
            self.errors.append(data.strip())

    def _add(self, name: str, value: str) -> None:
        if self._form is not None and name:
            self._form.values.append((name, value))


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer to look at, not to follow."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """Do not follow."""


class Browser:
    """One person at one address."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.headers: dict[str, str] = {}
        # A proxy of the environment has no business on loopback.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar()), _Stay()
        )

    def alive(self) -> bool:
        """Whether the address answers ``/healthz``."""
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Send one request; any status is an answer.  Raises OSError when nobody answers."""
        request = urllib.request.Request(urljoin(self.base, path), data=body, method=method)  # noqa: S310
        for name, value in {**self.headers, **headers}.items():
            request.add_header(name, value)
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                return Answer(answer.status, answer.headers, answer.read(), path)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read(), path)

    def get(self, path: str) -> Answer:
        """GET."""
        return self.send("GET", path, None, {})

    def post(self, path: str, body: Any, *, headers: Mapping[str, str] | None = None) -> Answer:
        """POST JSON."""
        raw = json.dumps(body, ensure_ascii=False).encode()
        return self.send("POST", path, raw, {"Content-Type": "application/json", **(headers or {})})

    def upload(self, path: str, *, name: str, data: bytes, **fields: str) -> Answer:
        """POST a file with fields as a form."""
        line = "----qingshan-walkthrough"
        parts = [
            f'--{line}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in fields.items()
        ]
        head = f'--{line}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        parts += [
            head.encode(),
            b"Content-Type: application/octet-stream\r\n\r\n",
            data,
            f"\r\n--{line}--\r\n".encode(),
        ]
        return self.send(
            "POST", path, b"".join(parts), {"Content-Type": f"multipart/form-data; boundary={line}"}
        )

    def form_post(self, path: str, values: Mapping[str, str] | list[tuple[str, str]]) -> Answer:
        """POST a form's values."""
        return self.send(
            "POST", path, urlencode(values).encode(),
            {"Content-Type": "application/x-www-form-urlencoded", "Referer": urljoin(self.base, path)},
        )  # fmt: skip

    def submit(
        self, page: Answer, *, form: str, changes: Mapping[str, str | list[str]] | None = None
    ) -> Answer:
        """Post the form ``form`` of ``page`` as it stands, with ``changes``: a list checks several boxes.

        Raises KeyError without that form.
        """
        read = _Page()
        read.feed(page.text())
        if form not in read.forms:
            raise KeyError(f"the page has no form {form}, it has {sorted(read.forms)}")
        one = read.forms[form]
        kept = [(name, value) for name, value in one.values if name not in (changes or {})]
        action = one.action or page.path
        given = [
            (name, one)
            for name, value in (changes or {}).items()
            for one in (value if isinstance(value, list) else [value])
        ]
        return self.form_post(action, [*kept, *given])

    def token(self, page: Answer) -> str:
        """Return a CSRF token of ``page``."""
        read = _Page()
        read.feed(page.text())
        for form in read.forms.values():
            for name, value in form.values:
                if name == "csrfmiddlewaretoken":
                    return value
        return ""
