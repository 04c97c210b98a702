"""An ablation as one TOML file: a recipe, and the same recipe without each of its parts.

name = "ablate-small"
set = "cnmc"
recipe = "features-cnmc"

[[variants]]
name = "without label smoothing"
every_stage = { label_smoothing = 0.0 }
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from leukview.domain.errors import UsageError
from training import config as configs
from training.config import Config, Stage

BASE = "the recipe"  # its own row
OF_THEIR_OWN = ("name", "seed", "augmentation", "stages")  # keys that `config` does not change


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The recipe with something changed, applied in the order of these fields.

    Attributes:
        name: of the row.
        config: changed keys of the config itself (`head`, `test_flips` ...).
        augmentation: changed keys of its augmentation.
        stages: other stages altogether; None for the recipe's.
        dropped: numbers of the stages left out, counted from 0 as in the names of run folders.
        every_stage: changed keys of all stages.
        stage: changed keys of single ones, by their number before any was dropped.
    """

    name: str
    config: dict[str, Any] = {}
    augmentation: dict[str, Any] = {}
    stages: tuple[Stage, ...] | None = None
    dropped: tuple[int, ...] = ()
    every_stage: dict[str, Any] = {}
    stage: dict[str, dict[str, Any]] = {}


class Ablation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is asked.

    Attributes:
        name: in the names of run folders.
        on: the set, `set` in the file: by name, or the TOML file of a described one.
        recipe: name or path of the config whose parts are in question.
        protocols: `grouped` (the cross-validation, called `random` where no groups are known), and
            `paper` beside it.
        folds: numbers of those that are fitted; none for all.
        seeds: each fits everything once. Features are computed for each anew.
        variants: one row each, beside the recipe's.
    """

    name: str
    on: str = msgspec.field(name="set")
    recipe: str
    protocols: tuple[Literal["grouped", "paper"], ...] = ("grouped",)
    folds: tuple[int, ...] = ()
    seeds: tuple[int, ...] = (0,)
    variants: tuple[Variant, ...]

    def __post_init__(self) -> None:
        if self.on == "all":
            raise ValueError("`set` names one set")
        if "grouped" not in self.protocols:
            raise ValueError("`paper` flatters and is never shown alone: `protocols` needs grouped")
        if not self.seeds or any(len({*n}) < len(n) for n in (self.seeds, self.folds)):
            raise ValueError("`seeds` needs one or more, and `folds` and `seeds` name each once")
        names = [slug(name) for name in (BASE, *(v.name for v in self.variants))]
        if "" in names or len({*names}) < len(names):
            raise ValueError(f"two variants have one name, or one has none: {names}")


@dataclass(frozen=True, kw_only=True)
class Fit:
    """One run of the table.

    Attributes:
        variant: name of the row.
        seed: of the config.
        config: what is fitted; variants that differ in the test alone share one.
        flipped: whether the row shows figures of an image and its mirrored views.
    """

    variant: str
    seed: int
    config: Config
    flipped: bool


def slug(name: str) -> str:
    """A name for a folder: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def load(name: str) -> Ablation:
    """An ablation by name (`ablate-small`) or path.

    Raises:
        UsageError: no such file, or it says what it may not say.
    """
    known = sorted(path.stem for path in configs.CONFIGS.glob("ablate*.toml"))
    return configs.read(name, Ablation, "ablation", known)


def changed(recipe: Config, variant: Variant) -> Config:
    """The recipe as a variant has it, under the recipe's name.

    Raises:
        UsageError: it names what is not there, or what cannot be.
    """
    said: dict[str, Any] = msgspec.to_builtins(recipe)
    if variant.stages is not None:
        said["stages"] = msgspec.to_builtins(variant.stages)
    numbers, count = {*variant.dropped, *map(_number, variant.stage)}, len(said["stages"])
    try:
        own = [key for key in OF_THEIR_OWN if key in variant.config]
        if own:
            raise ValueError(f"`config` does not change {', '.join(own)}")
        if not numbers <= {*range(count)}:
            raise ValueError(f"it names a stage that is none of 0 to {count - 1}")
        said |= variant.config
        said["augmentation"] |= variant.augmentation
        said["stages"] = [
            {**stage, **variant.every_stage, **variant.stage.get(str(number), {})}
            for number, stage in enumerate(said["stages"])
            if number not in variant.dropped
        ]
        return msgspec.convert(said, Config)
    except (ValueError, UsageError) as error:
        raise UsageError(
            f"{variant.name!r} cannot be made of {recipe.name}: {error}. Nothing was fitted."
        ) from error


def _number(key: str) -> int:
    return int(key) if key.isdecimal() else -1


def rows(asked: Ablation) -> dict[str, Config]:
    """The config of each row by its name, the recipe's first.

    Raises:
        UsageError: no such recipe, or a variant that cannot be or that changes nothing.
    """
    recipe = configs.load(asked.recipe)
    out = {BASE: recipe}
    for variant in asked.variants:
        config = changed(recipe, variant)
        same = next((name for name, other in out.items() if other == config), None)
        if same is not None:
            raise UsageError(
                f"{variant.name!r} is the same as {same!r}, so it would show nothing. Nothing was"
                " fitted. Take it out, or change what it changes."
            )
        out[variant.name] = config
    return out


def plan(asked: Ablation) -> list[Fit]:
    """What is fitted for each row and seed; rows that differ in the test alone share a fit.

    A run that is the recipe's own has the recipe's name, so that `train` may have fitted it.

    Raises:
        UsageError: see `rows`.
    """
    wanted, out = rows(asked), []
    recipe = wanted[BASE]
    for seed in asked.seeds:
        seeded = {n: msgspec.structs.replace(c, seed=seed) for n, c in wanted.items()}
        for name, config in seeded.items():
            alike = {n: c for n, c in seeded.items() if _unflipped(c) == _unflipped(config)}
            flips = any(c.test_flips for c in alike.values())
            fitted = msgspec.structs.replace(config, test_flips=flips)
            if fitted != recipe:
                end = f"-seed{seed}" if len(asked.seeds) > 1 else ""
                fitted = msgspec.structs.replace(
                    fitted, name=f"{asked.name}-{slug(next(iter(alike)))}{end}"
                )
            out.append(Fit(variant=name, seed=seed, config=fitted, flipped=config.test_flips))
    return out


def _unflipped(config: Config) -> Config:
    return msgspec.structs.replace(config, test_flips=False)


def images_seen(config: Config, fitted: int, taken: Sequence[int], copies: int) -> int:
    """How many images a fit of a config sees, each as often as it is seen; more than early ends do.

    Args:
        config: of the fit.
        fitted: images of the part that are fitted on.
        taken: images of the choose part, of each stage, that it fits on too if it is a linear one.
        copies: of each image that there are features of, the plain one included.
    """
    total = 0
    for stage, more in zip(config.stages, taken, strict=True):
        if stage.kind == "linear":
            total += copies * (fitted + more)
            continue
        # A head's epoch goes over all copies; of maps and images each is seen once, changed or not.
        once = fitted * (copies if stage.of_head else 1)
        total += stage.steps * stage.batch + stage.epochs * once
    return total


def differences(recipe: Config, config: Config) -> list[str]:
    """What a variant changes, in words: "every stage: label_smoothing 0.05 → 0"."""
    one, other = (_flat(msgspec.to_builtins(c)) for c in (recipe, config))
    if len(recipe.stages) != len(config.stages) or any(
        a.kind != b.kind for a, b in zip(recipe.stages, config.stages, strict=True)
    ):
        one, other = ({k: v for k, v in d.items() if k[0] != "stage"} for d in (one, other))
        said = ["stages: " + ", then ".join(map(_stage_words, config.stages))]
    else:
        said = []
    for key, value in other.items():
        if one[key] != value and key[-1] != "name":
            said.append(f"{' '.join(key)}: {one[key]} → {value}")
    return said


def _flat(said: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    out: dict[tuple[str, ...], Any] = {}
    for key, value in said.items():
        if key == "augmentation":
            out |= {(key, k): v for k, v in value.items()}
        elif key == "stages":
            for number, stage in enumerate(value):
                out |= {("stage", str(number), k): v for k, v in stage.items()}
        else:
            out[(key,)] = value
    return out


def _stage_words(stage: Stage) -> str:
    length = f"{stage.steps} steps" if stage.steps else f"{stage.epochs} epochs"
    words = {"linear": f"linear, strength {stage.strength:g}", "head": f"head, {length}"}
    return words.get(stage.kind, f"{stage.kind} at {stage.side} pixels, {length}")
