"""Message catalogues: gather, keep, compile; ``scripts/messages`` calls it.  Pure Python (Babel), no gettext tools.

(nothing)     the project's own messages: ``locale/zh_Hans``
third-party   messages of libraries that come without Chinese: ``locale/third_party/zh_Hans``; for a new release
"""

from __future__ import annotations

import ast
import gettext
import io
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LANGUAGE = "zh_Hans"
OWN_FOLDERS = ("apps", "qingshan")
# Libraries whose texts reach a screen, and what of them is not installed as an app.
LIBRARIES = (
    "unfold",
    "axes",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.db",
    "django_filters",
    "drf_standardized_errors",
    "rest_framework",
    "rest_framework_simplejwt",
    "simple_history",
)
LEFT_OUT = re.compile(
    r"unfold/contrib/(?!filters|forms|inlines|simple_history|__init__)|unfold/templates/(unfold_crispy|.*hijack)"
    r"|/(management|migrations|tests)/"
)
# Chinese that is installed anyway and wins: the words for "Save" stay Django's.
WITH_CHINESE = (
    "django.conf",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "rest_framework",
    "rest_framework_simplejwt",
    "simple_history",
)
# Where a call's arguments hold the context and the texts (singular, plural).
CALLS: dict[str, tuple[int | None, tuple[int, ...]]] = {
    "gettext": (None, (0,)),
    "ngettext": (None, (0, 1)),
    "pgettext": (0, (1,)),
    "npgettext": (0, (1, 2)),
}
CALLS |= {f"{name}_lazy": places for name, places in CALLS.items()}
CALLS |= {"_": CALLS["gettext"], "gettext_noop": CALLS["gettext"]}
LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(rf"\b(?:_|gettext|pgettext|ngettext|npgettext)\(\s*{LITERAL}(?:\s*,\s*{LITERAL})*")
EDITOR = "django_prose_editor/static/django_prose_editor/editor.js"

# A message's identity: its context, and its text or texts (singular, plural).
Key = tuple[str | None, str | tuple[str, ...]]


class StableCatalog(Catalog):
    """A catalogue whose header holds no dates, so that a file changes only when a message does."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """Return the header's lines."""
        return [
            ("Project-Id-Version", "qingshan"),
            ("Language", LANGUAGE),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", "nplurals=1; plural=0;"),
        ]


@dataclass(frozen=True)
class Target:
    """One catalogue: where it lies and what belongs in it."""

    folder: Path
    domain: str
    title: str

    @property
    def po(self) -> Path:
        """Return the file that people edit."""
        return self.folder / LANGUAGE / "LC_MESSAGES" / f"{self.domain}.po"

    @property
    def mo(self) -> Path:
        """Return the compiled file that Django reads."""
        return self.po.with_suffix(".mo")


OWN = Target(ROOT / "locale", "django", "The project's own messages; scripts/messages keeps it.")
THIRD_PARTY = Target(
    ROOT / "locale" / "third_party",
    "django",
    "Messages of libraries that come without Chinese; scripts/messages third-party keeps it.",
)
EDITOR_SCRIPT = Target(
    ROOT / "locale" / "third_party",
    "djangojs",
    "Messages of the text editor's script; scripts/messages third-party keeps it.",
)
TARGETS = (OWN, THIRD_PARTY, EDITOR_SCRIPT)


def _constants(call: ast.Call, places: Iterable[int]) -> list[str] | None:
    found = []
    for place in places:
        argument = call.args[place] if place < len(call.args) else None
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            return None
        found.append(argument.value)
    return found


def messages_of_python(source: bytes | str) -> Iterator[Key]:
    """Return the messages of Python source, in its order; a call whose text is not a constant has none."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
        if name not in CALLS:
            continue
        context_place, places = CALLS[name]
        context = _constants(node, [] if context_place is None else [context_place])
        texts = _constants(node, places)
        if texts and texts[0] and context is not None:
            yield (context[0] if context else None), (texts[0] if len(texts) == 1 else tuple(texts))


def messages_of_template(source: str) -> Iterator[Key]:
    """Return the messages of a Django template: Django turns its tags into calls, the rest is dropped."""
    calls = [f"{match[0]})" for match in CALL.finditer(templatize(source))]
    return messages_of_python("\n".join(calls))


def messages_of_folder(folder: Path, *, within: Path) -> Iterator[Key]:
    """Return the messages of all Python files and templates below ``folder``."""
    for path in sorted(folder.rglob("*")):
        if LEFT_OUT.search(path.relative_to(within).as_posix()):
            continue
        if path.suffix == ".py":
            yield from messages_of_python(path.read_bytes())
        elif path.suffix in (".html", ".txt") and "templates" in path.parts:
            yield from messages_of_template(path.read_text(encoding="utf-8"))


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{name} is not installed")
    return Path(spec.origin).parent


def translations_installed() -> dict[str, str]:
    """Return what Django and the libraries of ``WITH_CHINESE`` bring, by context, \\x04 and text, or by text."""
    known: dict[str, str] = {}
    for name in WITH_CHINESE:
        file = _package(name) / "locale" / LANGUAGE / "LC_MESSAGES" / "django.mo"
        if file.exists():
            with file.open("rb") as opened:
                entries: dict[Any, str] = vars(gettext.GNUTranslations(opened))["_catalog"]
            for key, text in entries.items():
                if text:
                    known.setdefault(key if isinstance(key, str) else key[0], text)
    return known


def _ids(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else text


def _lookup(key: Key) -> str:
    """Return what a compiled catalogue stores the message under."""
    context, text = key
    return f"{context}\x04{_ids(text)[0]}" if context else _ids(text)[0]


def messages_wanted(target: Target) -> list[Key]:
    """Return every message that belongs in ``target``, in a fixed order, once."""
    keys: Iterable[Key]
    if target is OWN:
        keys = [key for name in OWN_FOLDERS for key in messages_of_folder(ROOT / name, within=ROOT)]
    elif target is THIRD_PARTY:
        known = translations_installed()
        keys = [
            key
            for name in LIBRARIES
            for key in messages_of_folder(_package(name), within=_package(name).parent)
            if _lookup(key) not in known and re.search("[A-Za-z]{2}", _ids(key[1])[0])
        ]
    else:
        script = (_package("django_prose_editor").parent / EDITOR).read_text(encoding="utf-8")
        # The script is minified: one short name stands for gettext.
        short = re.search(r"(\w+)=window\.gettext\|\|", script)
        calls = re.findall(rf"\b{short[1] if short else 'gettext'}(\({LITERAL}\))", script)
        own = (ROOT / "qingshan" / "static" / "qingshan" / "editor.js").read_text(encoding="utf-8")
        calls += re.findall(rf"\bgettext(\({LITERAL}\))", own)
        keys = messages_of_python("\n".join(f"gettext{call}" for call in calls))
    unique = dict.fromkeys(keys)
    # One text may be asked for alone and with a plural; the entry with the plural answers both.
    plurals = {(context, ids[0]) for context, ids in unique if isinstance(ids, tuple)}
    return sorted((key for key in unique if key not in plurals), key=lambda key: (_ids(key[1]), key[0] or ""))


def stored(target: Target) -> dict[Key, Message]:
    """Return what the .po file holds."""
    if not target.po.exists():
        return {}
    with target.po.open("rb") as opened:
        return {
            (m.context, m.id if isinstance(m.id, str) else tuple(m.id)): m
            for m in read_po(opened, locale=LANGUAGE, charset="utf-8")
            if m.id
        }


def _catalog(target: Target, keys: Iterable[Key], known: dict[Key, Message]) -> StableCatalog:
    catalog = StableCatalog(
        locale=LANGUAGE, domain=target.domain, header_comment=f"# {target.title}", fuzzy=False
    )
    for context, text in keys:
        old = known.get((context, text))
        catalog.add(text, old.string if old else "", context=context, flags=set(old.flags) if old else ())
    return catalog


def compiled(target: Target) -> bytes:
    """Return what compiling the .po file gives; an entry that is fuzzy or empty is left out."""
    known = stored(target)
    out = io.BytesIO()
    write_mo(out, _catalog(target, known, known))
    return out.getvalue()


def written(target: Target, keys: list[Key]) -> bytes:
    """Return the .po file with exactly ``keys``, each with the translation that it has today."""
    out = io.BytesIO()
    write_po(out, _catalog(target, keys, stored(target)), width=110, no_location=True)
    return out.getvalue()


def untranslated(target: Target, keys: Iterable[Key]) -> list[str]:
    """Return those of ``keys`` that have no translation, or one that is marked fuzzy."""
    known = stored(target)
    missing = []
    for key in keys:
        entry = known.get(key)
        texts = _ids(entry.string) if entry else ()  # type: ignore[arg-type]
        if entry is None or entry.fuzzy or not texts or not all(texts):
            missing.append(_ids(key[1])[0])
    return missing


def update(target: Target) -> list[str]:
    """Write both files of ``target``; returns the messages without a translation."""
    keys = messages_wanted(target)
    content = written(target, keys)
    target.po.parent.mkdir(parents=True, exist_ok=True)
    target.po.write_bytes(content)
    target.mo.write_bytes(compiled(target))
    missing = untranslated(target, keys)
    print(f"{target.po.relative_to(ROOT)}: {len(keys)} messages, {len(missing)} without a translation")
    for text in missing:
        print(f"  {text!r}")
    return missing


def main(arguments: list[str]) -> int:
    """Return the exit code: 1 when something is not translated, 2 for an argument that is not known."""
    chosen: dict[tuple[str, ...], tuple[Target, ...]] = {
        (): (OWN,),
        ("third-party",): (THIRD_PARTY, EDITOR_SCRIPT),
    }
    targets = chosen.get(tuple(arguments))
    if targets is None:
        print("usage: scripts/messages [third-party]", file=sys.stderr)
        return 2
    missing = [update(target) for target in targets]
    if any(missing):
        print("Fill the empty msgstr lines in the .po file and run this again.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
