"""Search for a head's numbers with Optuna: units, dropout, activation, batch, rate, decay.

The paper names it as future work. A trial fits the config's head stage on cached features of the
frozen trunk, which takes seconds, and is worth the balanced accuracy on rows that choose. The test
rows of one part are set aside: no trial sees them, so that part, and no other, tests what is found.

The folder `runs/tune-<set>-<config>-<part>` holds the study (SQLite), `tune.md` with the ten best
trials, and `<config>-tuned.toml`, which `train` takes. A killed search goes on with the trial that
was not done, and ends as if it had not been killed: the sampler is seeded by the trial's number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import msgspec
import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.trial import FrozenTrial, TrialState

from leukview.domain.errors import UsageError
from leukview.domain.progress import Progress
from training.config import Config, Stage
from training.data.splits import Parts
from training.experiment import Experiment, parts_of
from training.models import registry
from training.runs import CROSS, FINAL
from training.train import fit_head, head_logits

if TYPE_CHECKING:
    from optuna import Study, Trial

UNITS = (64, 128, 256, 512)  # 256 in the paper's Table 7
ACTIVATIONS = ("relu", "elu", "tanh")  # whose slope follows from their value: the cam needs it
BATCHES = (16, 32, 64, 128)
DROPOUT = (0.0, 0.7)  # the paper names 0.3, 0.45 and 0.5
RATE = (1e-4, 1e-2)
DECAY = (1e-4, 0.3)
UNPRUNED = 5  # trials before the median means something
RANDOM = 10  # trials before the model of the good ones does
BEST = 10
_OVER = (TrialState.COMPLETE, TrialState.PRUNED)


@dataclass(frozen=True, kw_only=True)
class Search:
    """A study of one experiment's head.

    Attributes:
        exp: with a `head` stage and pooled features.
        part: whose test rows are set aside: `cross0`, `paper` ...
        seed: of sampler and fits.

    Raises:
        UsageError: no head stage, no such part, or nothing is left to choose by.
    """

    exp: Experiment
    part: str
    seed: int = 0

    def __post_init__(self) -> None:
        config = self.exp.config
        if config.cut or not any(stage.kind == "head" for stage in config.stages):
            raise UsageError(
                f"{config.name} has no stage that fits a head on pooled features. Nothing was"
                " searched. Choose a config with one, such as `features`."
            )
        known = [name for name in parts_of(self.exp) if name != FINAL]
        if self.part not in known:
            raise UsageError(
                f"No part {self.part!r} of {self.exp.about.name} is tested. Nothing was searched."
                f" Known: {', '.join(known)}."
            )
        if not self.rounds:
            raise UsageError(
                f"Without the test rows of {self.part} nothing is left to choose by in"
                f" {self.exp.about.name}. Nothing was searched. Set another part aside."
            )

    @property
    def folder(self) -> Path:
        name = f"tune-{self.exp.about.name}-{self.exp.config.name}-{self.part}"
        return self.exp.run.folder.parent / name

    @property
    def stage(self) -> Stage:
        return next(stage for stage in self.exp.config.stages if stage.kind == "head")

    @cached_property
    def rounds(self) -> list[Parts]:
        """What a trial is fitted on and judged by; never a row that the part tests.

        Of a part outside the cross-validation its own rows; else those of every other fold, less
        the rows set aside.
        """
        all_parts = parts_of(self.exp)
        aside = all_parts[self.part].test
        names = [self.part]
        if self.part.startswith(CROSS):
            others = (name for name in all_parts if name.startswith(CROSS))
            names = [name for name in others if name != self.part]
        kept = [_without(all_parts[name], aside) for name in names]
        return [parts for parts in kept if len(parts.fit) and len(parts.choose)]

    def config_of(self, numbers: dict[str, Any]) -> Config:
        """The config that a trial's numbers stand for."""
        head = (
            f"table7-units{numbers['units']}-dropout{numbers['dropout']:g}-{numbers['activation']}"
        )
        found = msgspec.structs.replace(
            self.stage,
            batch=numbers["batch"],
            learning_rate=numbers["learning_rate"],
            weight_decay=numbers["weight_decay"],
            optimizer="adamw",
        )
        base = self.exp.config
        return msgspec.structs.replace(
            base,
            name=f"{base.name}-tuned",
            head=head,
            stages=tuple(found if stage is self.stage else stage for stage in base.stages),
        )


def _without(parts: Parts, aside: NDArray[np.int64]) -> Parts:
    fit, choose = (rows[~np.isin(rows, aside)] for rows in (parts.fit, parts.choose))
    return Parts(fit=fit, choose=choose, test=aside[:0])


def suggested(trial: Trial) -> dict[str, Any]:
    """A trial's numbers, drawn by the study's sampler; rounded, so that they can be read."""
    rate = trial.suggest_float("learning_rate", *RATE, log=True)
    decay = trial.suggest_float("weight_decay", *DECAY, log=True)
    return {
        "units": trial.suggest_categorical("units", UNITS),
        "dropout": round(trial.suggest_float("dropout", *DROPOUT, step=0.05), 2),
        "activation": trial.suggest_categorical("activation", ACTIVATIONS),
        "batch": trial.suggest_categorical("batch", BATCHES),
        "learning_rate": float(f"{rate:.3g}"),
        "weight_decay": float(f"{decay:.3g}"),
    }


def tune(search: Search, trials: int) -> Iterator[Progress]:
    """Run the study until it has so many trials, then write table and config.

    Raises:
        UsageError: the folder's study is of another search.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = open_study(search)
    for number in range(len(over(study)), trials):
        yield Progress(number, trials, _said(study))
        study.sampler = optuna.samplers.TPESampler(
            seed=search.seed + number, n_startup_trials=RANDOM, constant_liar=False
        )
        trial = study.ask()
        value = judged(search, trial)
        if value is None:
            study.tell(trial, state=TrialState.PRUNED)
        else:
            study.tell(trial, value)
    yield Progress(trials, trials, _said(study))
    best = search.config_of(suggested_of(ranked(study)[0]))
    toml = search.folder / f"{best.name}.toml"
    for path, text in ((toml, toml_of(best)), (search.folder / "tune.md", report(search, study))):
        path.write_text(text, encoding="utf-8", newline="\n")


def open_study(search: Search) -> Study:
    """The folder's study, made when missing; a trial that a kill cut short counts as failed.

    Raises:
        UsageError: it is of another config, of other images, or of another seed.
    """
    search.folder.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        storage=f"sqlite:///{(search.folder / 'study.sqlite3').as_posix()}",
        study_name="head",
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=UNPRUNED),
        load_if_exists=True,
    )
    run = json.loads((search.exp.run.folder / "run.json").read_text("utf-8"))
    said = json.dumps(
        [run["images_sha256"], msgspec.to_builtins(search.exp.config), search.part, search.seed]
    )
    if study.user_attrs.setdefault("search", said) != said:
        raise UsageError(
            f"{search.folder} holds a search with another config, seed or other images. Nothing"
            " was searched. Rename the folder or the config."
        )
    study.set_user_attr("search", said)
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
    return study


def over(study: Study) -> list[FrozenTrial]:
    """Trials that came to their end or were pruned."""
    return study.get_trials(deepcopy=False, states=_OVER)


def ranked(study: Study) -> list[FrozenTrial]:
    """Complete trials, the best first; of equal ones the earlier."""
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return sorted(done, key=lambda trial: (-(trial.value or 0.0), trial.number))


def suggested_of(trial: FrozenTrial) -> dict[str, Any]:
    """The numbers of a trial that is over, as it was fitted."""
    return suggested(optuna.trial.FixedTrial(trial.params))  # type: ignore[arg-type]


def judged(search: Search, trial: Trial) -> float | None:
    """Mean balanced accuracy over the rounds; None as soon as the pruner gives the trial up."""
    config = search.config_of(suggested(trial))
    stage = next(stage for stage in config.stages if stage.kind == "head")
    exp, scores = search.exp, []
    if exp.material.features is None:
        raise ValueError("a search needs features; run the features step first")
    keras.utils.clear_session()  # else the graphs of every trial stay in memory
    for number, parts in enumerate(search.rounds):
        keras.utils.set_random_seed(search.seed)
        head = registry.new_head(config.network, config.head, len(exp.about.classes))
        fit_head(head, exp.material, parts, stage, search.seed)
        plain = exp.material.features[0][parts.choose].astype(np.float32)
        said = head_logits(head, plain).argmax(axis=1)
        scores.append(balanced_accuracy(exp.material.y[parts.choose], said))
        trial.report(float(np.mean(scores)), number)
        if number + 1 < len(search.rounds) and trial.should_prune():
            return None
    return float(np.mean(scores))


def balanced_accuracy(truth: NDArray[np.int64], said: NDArray[np.int64]) -> float:
    """Mean recall of the classes that occur, so that a frequent class does not decide alone."""
    return float(np.mean([np.mean(said[truth == k] == k) for k in np.unique(truth)]))


def _said(study: Study) -> str:
    best = ranked(study)
    return f"best {best[0].value:.4f}" if best else "no trial is over yet"


def report(search: Search, study: Study) -> str:
    """The ten best trials in Markdown, and what the search may be believed by."""
    about, done, best = search.exp.about, over(study), ranked(study)
    pruned = sum(trial.state == TrialState.PRUNED for trial in done)
    rows = len(np.unique(np.concatenate([parts.choose for parts in search.rounds])))
    names = list(suggested_of(best[0]))
    lines = [
        f"# Head of {search.exp.config.name} on {about.name}",
        "",
        f"{len(done)} trials, {pruned} of them pruned, by Optuna's TPE and median pruner, seed"
        f" {search.seed}. Balanced accuracy on the {rows} rows that choose, mean of"
        f" {len(search.rounds)} rounds. The best of many trials is flattered by the choice; the"
        f" test rows of `{search.part}` were seen by none, so"
        f" `train --config ... --only {search.part}` tells what it is worth.",
        "",
        f"| trial | balanced accuracy | {' | '.join(names)} |",
        f"|---|---|{'---|' * len(names)}",
    ]
    for trial in best[:BEST]:
        numbers = [str(value) for value in suggested_of(trial).values()]
        lines.append(f"| {trial.number} | {trial.value:.4f} | {' | '.join(numbers)} |")
    return "\n".join([*lines, ""])


def toml_of(config: Config) -> str:
    """A config as TOML; JSON's plain values are TOML's."""
    said = msgspec.to_builtins(config)
    stages, tables = said.pop("stages"), {k: v for k, v in said.items() if isinstance(v, dict)}
    out = [f"{key} = {json.dumps(value)}" for key, value in said.items() if key not in tables]
    for head, table in [
        *((f"[{k}]", v) for k, v in tables.items()),
        *(("[[stages]]", s) for s in stages),
    ]:
        out += ["", head, *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join([*out, ""])
