"""How this archc was installed, and the commands that install what it lacks beside it.

archc is on no package index, where its name belongs to another project. So advice names only what is at hand: the
checkout or the wheel that this archc comes from.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions, requires, version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from archc.files import relative

DISTRIBUTION = "archc-compiler"
"""The name of archc's own distribution. Its command and its package are called `archc`."""

_CHECKOUT = Path(__file__).parents[1]
# A requirement in the metadata of a distribution: `archc-compiler[train]>=1`, `numpy>=1.26; extra == "train"`.
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)\s*(?:\[(?P<extras>[^\]]*)\])?(?P<versions>[^;]*)(?:;(?P<marker>.*))?")


def archc_version() -> str:
    """The version of this archc; in a checkout that is not installed, that of its pyproject.toml."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        import tomllib

        return str(tomllib.loads((_CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def backend_help(name: str) -> str:
    """The help line that installs archc's own backend of this name, from where this archc comes from."""
    projects = [f"archc-{name}"] if _is_installed(DISTRIBUTION) and not _is_managed() else ["", f"archc-{name}"]
    words = [word for project in projects for word in _own_project(project)]
    where = "" if Path(words[-1]).exists() else "in the folder of archc's wheels: "
    return f"{where}`{_install(words)}`"


def requirements_help(requirements: list[str], *, again: bool = False) -> str:
    """The help line that installs requirements, or installs them again, into the environment of this Python."""
    return f"`{_install([*(['--force-reinstall'] if again else []), *requirements])}`"


def owner_of_module(module: str) -> str | None:
    """The installed distribution that brings a module, even if the module is gone. Not one of archc."""
    top = module.partition(".")[0]
    owners = packages_distributions().get(top)
    return owners[0] if owners and not top.startswith("archc") else None


def absent(owner: str, extra: str = "") -> list[str]:
    """The requirements of a distribution, and of its `extra`, that are not installed, as an installer takes them."""
    missing: list[str] = []
    for line in requires(owner) or ():
        if (found := _REQUIREMENT.match(line)) is None or not _applies(found["marker"], extra):
            continue
        name = found["name"]
        if not _is_installed(name):
            missing.append(name + found["versions"].strip())
            continue
        for inner in filter(None, re.split(r"[\s,]+", found["extras"] or "")):
            missing += absent(name, inner)
    return list(dict.fromkeys(missing))


def project_names(requirements: list[str]) -> list[str]:
    """The names of the projects in requirements, without their versions: `numpy` for `numpy>=1.26`."""
    return [re.split(r"[^\w.-]", requirement)[0] for requirement in requirements]


def _applies(marker: str | None, extra: str) -> bool:
    """Whether a requirement counts. One for certain systems only does not: pip, not archc, reads such markers."""
    named = re.fullmatch(r"\s*extra\s*==\s*['\"]([\w.-]+)['\"]\s*", marker or "")
    return named[1] == extra if named else not marker


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        # A build under another name, such as tensorflow-cpu, brings the same module.
        return find_spec(name.replace("-", "_")) is not None
    return True


def _own_project(name: str) -> list[str]:
    """The words that name one of archc's projects to an installer; the compiler itself is ''."""
    if (_CHECKOUT / "backends").is_dir():
        return ["-e", _shown(_CHECKOUT / "backends" / name if name else _CHECKOUT)]
    place = _installed_from()
    if place is not None and (place / "backends").is_dir():
        return [_shown(place / "backends" / name if name else place)]
    wheel = f"{(name or DISTRIBUTION).replace('-', '_')}-{archc_version()}-py3-none-any.whl"
    if place is not None and (place / wheel).is_file():
        return [_shown(place / wheel)]
    return [wheel]


def _installed_from() -> Path | None:
    """The folder of the project or the wheel that archc was installed from; None if it is not known or gone."""
    try:
        text = distribution(DISTRIBUTION).read_text("direct_url.json")
        address = urlsplit(str(json.loads(text or "")["url"]))
    except (PackageNotFoundError, ValueError, KeyError):
        return None
    place = Path(unquote(address.path))
    if address.scheme != "file" or not place.exists():
        return None
    return place if place.is_dir() else place.parent


def _install(what: list[str]) -> str:
    """The command that installs into the environment of this Python, or into a new one if that is the system's."""
    python = _shown(Path(sys.executable))
    if _is_managed():
        return f"{python} -m venv .venv && {shlex.join(['.venv/bin/python', '-m', 'pip', 'install', *what])}"
    if find_spec("pip") is not None:
        return shlex.join([python, "-m", "pip", "install", *what])
    if find_spec("uv") is not None:
        return shlex.join([python, "-m", "uv", "pip", "install", "--python", python, *what])
    return f"{python} -m ensurepip && {shlex.join([python, '-m', 'pip', 'install', *what])}"


def _is_managed() -> bool:
    """Whether this Python is the system's own, into which pip refuses to install (PEP 668)."""
    return sys.prefix == sys.base_prefix and Path(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED").exists()


def _shown(place: Path) -> str:
    """The path, relative to the current folder if it is below it."""
    shown = str(relative(place))
    # A bare word would be searched for on PATH, or an index.
    return shown if shown == "." or "/" in shown else f"./{shown}"
