"""A folder with one folder per class: of nested ones, the innermost that is a class decides."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from leukview.domain.classes import plain
from leukview.domain.errors import UsageError
from leukview.imaging.scan import scan
from training.data.described import BY_NAME, NO_GROUP, DescribedSet
from training.data.sources import Found, FoundImage, class_by_word, named


def find(described: DescribedSet) -> Found:
    """Every image below the set's folder with its class and group.

    Raises:
        UsageError: a folder cannot be opened, is no class, or an image has no group; all named.
    """
    toml, said = described.toml, described.said
    place = described.beside(said.path)
    looked = scan([place])
    if looked.problems:
        raise UsageError(
            f"{' '.join(looked.problems[:3])} Nothing was prepared, since a set with holes would"
            " pass for whole. Change the permissions, then prepare again."
        )
    found, stray = Found(), dict[str, int]()
    words = class_by_word(described.about.classes)
    skipped = {plain(name) for name in said.leave_out}
    for image in looked.images:
        folders = PurePosixPath(image.name).parts[:-1]
        if any(plain(folder) in skipped for folder in folders):
            found.leave_out("in folders that the TOML file leaves out")
            continue
        depth = next((d for d in reversed(range(len(folders))) if plain(folders[d]) in words), None)
        if depth is None:
            where = "/".join(folders) or "."
            stray[where] = stray.get(where, 0) + 1
            continue
        others = [folder for d, folder in enumerate(folders) if d != depth]
        found.images.append(
            FoundImage(
                file=image.name,
                class_id=words[plain(folders[depth])],
                group=_group(described, image.name, others),
            )
        )
    if stray:
        many = [f"{folder} ({count})" for folder, count in sorted(stray.items())]
        raise UsageError(
            f"{place}: images lie in folders that are no class of {toml}: {named(many)}. Nothing"
            " was prepared. Add the folder's name to a class (`aliases`) or to `leave_out`."
        )
    if looked.others:
        found.leave_out("files that are no images", looked.others)
    return found


def _group(described: DescribedSet, file: str, others: list[str]) -> str:
    how = described.said.grouping
    if how == NO_GROUP:
        return ""
    if how.startswith(BY_NAME):
        match = re.search(how.removeprefix(BY_NAME), PurePosixPath(file).name)
        group = (match[1] or "") if match else ""
        remedy = f"Rename it, or change the pattern in {described.toml}."
    else:
        group = "/".join(others)
        remedy = (
            f'Put it into a folder of its group inside or above the class folder, or set `group = "'
            f'{NO_GROUP}"` in {described.toml}.'
        )
    if not group:
        raise UsageError(
            f"{file} has no group by `group = {how!r}`, so it could stand on both sides of a"
            f" split. Nothing was prepared. {remedy}"
        )
    return group
