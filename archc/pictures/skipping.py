"""What a run does about pictures that cannot be read: it ends before its first step, or trains without them.

A run that skips pictures is the run on the folder without them. It names them all in skipped.json in its folder, from
where its ranks read them too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from archc.failure import FINDING, Failure
from archc.files import write_whole
from archc.pictures.decoding import SeveralUnreadable, Unreadable
from archc.pictures.folder import Pictures
from archc.training.job import Job
from archc.training.result import Data
from archc.wording import counted, listed, visible


def without_bad(job: Job, pictures: Pictures, bad: Sequence[Unreadable], suit: Callable[[Pictures], None]) -> Pictures:
    """The pictures that can be read; a Failure if they do not `suit` a job."""
    if not bad:
        return pictures
    found, them = _found(pictures, bad)
    try:
        rest = pictures.without({each.file for each in bad})
        suit(rest)
    except Failure as lost:
        help = lost.help if job.bad_pictures == "skip" else found.help
        raise Failure(f"{found.message}; without {them}, {lost.message}", help, FINDING) from lost
    return rest


def check_policy(job: Job, pictures: Pictures, bad: Sequence[Unreadable]) -> None:
    """Raise a Failure if a job is to stop for pictures that cannot be read."""
    if bad and job.bad_pictures == "stop":
        found, them = _found(pictures, bad)
        raise Failure(found.message, f"{found.help}; `--bad-pictures skip` trains without {them}", FINDING)


def _found(pictures: Pictures, bad: Sequence[Unreadable]) -> tuple[SeveralUnreadable, str]:
    """What names them all, and the pronoun for them."""
    return SeveralUnreadable(bad, of=len(pictures.files)), "it" if len(bad) == 1 else "them"


def tell(job: Job, data: Data, pictures: Pictures, skipped: Sequence[Unreadable]) -> None:
    """Name the pictures that are skipped in the run's folder, and print what is not as a person may expect."""
    if job.bad_pictures == "skip":
        # Names that are not UTF-8 survive as escapes.
        named = [{"file": str(each.file.relative_to(job.pictures)), "reason": each.reason} for each in skipped]
        write_whole(job.skipped, (json.dumps(named, indent=2) + "\n").encode())
    if skipped:
        named = listed([f"{each.file.relative_to(job.pictures)} ({each.reason})" for each in skipped])
        _say(f"skipped {counted(len(skipped), 'picture')} of {data.files + data.skipped:,}: {named}")
    if data.converted:
        _say(f"converted pictures: {listed([f'{count:,} with {kind}' for kind, count in data.converted.items()])}")
    if pictures.ignored:
        kinds = listed([f"{count:,} {kind}" for kind, count in pictures.ignored.items()])
        _say(f"ignored in class folders, where pictures are *.jpg, *.jpeg and *.png: {kinds}")


def _say(line: str) -> None:
    print(visible(line), flush=True)


def read_skipped(job: Job) -> set[Path]:
    """The pictures that a job skips, once they have been checked."""
    if job.built_in or job.bad_pictures == "stop":
        return set()
    try:
        return {job.pictures / each["file"] for each in json.loads(job.skipped.read_bytes())}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Failure(f"{job.skipped} does not list the skipped pictures: {error}", "start the run again") from error
