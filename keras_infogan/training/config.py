"""The configuration of a training run, nested as the objects it configures.

Imports no TensorFlow, so the command line answers at once.
"""

import dataclasses
import hashlib
import json
import typing
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any
from typing import NamedTuple

from keras_infogan import checksums
from keras_infogan.json_text import read_json
from keras_infogan.latents import with_num_categories
from keras_infogan.losses.objective import Objective
from keras_infogan.options import from_plain
from keras_infogan.options import option
from keras_infogan.options import to_plain
from keras_infogan.training.sections import CallbackConfig
from keras_infogan.training.sections import DataConfig
from keras_infogan.training.sections import ExecutionConfig
from keras_infogan.training.sections import LatentConfig
from keras_infogan.training.sections import NetworkConfig
from keras_infogan.training.sections import OptimizerConfig
from keras_infogan.training.sections import Section
from keras_infogan.training.sections import StepConfig

DEFAULT_PRESET = "mnist"


class Setting(NamedTuple):
    """One option of a run, wherever it is nested."""

    path: tuple[str, ...]
    flag: str
    kind: Any
    field: dataclasses.Field[Any]

    @property
    def name(self) -> str:
        """Name of the flag as an identifier: `slant_gains`."""
        return self.flag.removeprefix("--").replace("-", "_")

    def value(self, content: Mapping[str, Any]) -> Any:
        """Its value in a configuration as JSON."""
        inner: Any = content
        for key in self.path:
            inner = inner.get(key)
        return inner


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(Section):
    """All that the result of a run depends on, except the machine.

    The same configuration on the same machine gives the same weights.
    `keras-infogan train --help` describes every option.

    Raises:
        ValueError: If an option is out of its bounds, or without effect.
    """

    preset: str = option(DEFAULT_PRESET, "preset that the options start from")
    epochs: int = option(10, "passes over the training images", minimum=1)
    distillation_epochs: int = option(
        0,
        "passes, after all others, in which Q learns without labels to say at "
        "once what several views of an image say on average",
        minimum=0,
    )
    resplit_share: float = option(
        0.0,
        "tell two categories apart anew in the middle of the run if views of "
        "more than this share of their images are in the other one; 0: never",
        minimum=0.0,
        maximum=0.5,
    )
    seed: int = option(
        0,
        "seed of weights, latents, image order and choice of labels",
        minimum=0,
        maximum=2**31 - 1,
    )
    data: DataConfig = field(default_factory=DataConfig)
    latents: LatentConfig = field(default_factory=LatentConfig)
    networks: NetworkConfig = field(default_factory=NetworkConfig)
    objective: Objective = field(default_factory=Objective)
    step: StepConfig = field(default_factory=StepConfig)
    optimizers: OptimizerConfig = field(default_factory=OptimizerConfig)
    execution: ExecutionConfig = field(default_factory=ExecutionConfig)
    callbacks: CallbackConfig = field(default_factory=CallbackConfig)

    def __post_init__(self):
        super().__post_init__()
        if self.data.neighbor_share and not self.objective.invariance_weight:
            raise ValueError(
                "neighbor_share should be 0 if invariance_weight is 0, as it "
                f"has no effect then. Received: {self.data.neighbor_share!r}."
            )
        if self.distillation_epochs and self.objective.augmentation is None:
            raise ValueError(
                "distillation_epochs should be 0 without an augmentation, "
                "which makes the views. Received: "
                f"{self.distillation_epochs}. Set an augmentation (--warp), or "
                "no distillation (--distillation-epochs 0)."
            )
        if self.resplit_share and self.objective.augmentation is None:
            raise ValueError(
                "resplit_share should be 0 without an augmentation, which "
                f"makes the views. Received: {self.resplit_share}. Set an "
                "augmentation (--warp), or never split (--resplit-share 0)."
            )

    @classmethod
    def settings(cls) -> list[Setting]:
        """All options of all sections, in order."""
        return list(_settings(cls))

    def replace(
        self, *, num_categories: int | None = None, **options: Any
    ) -> "TrainingConfig":
        """A copy with other options, as plain data by the names of their flags.

        `config.replace(epochs=3, warped_codes=["category"])`

        Args:
            num_categories: Of the first categorical code; the model checks it.
            **options: Those of `settings`.

        Raises:
            ValueError: If an option is unknown or out of its bounds, or no code
                has categories.
        """
        settings = {setting.name: setting for setting in self.settings()}
        content = self.to_json()
        for name, value in options.items():
            if name not in settings:
                raise ValueError(
                    "An option should be one of those of `keras-infogan train "
                    f"--help`. Received: {name!r}."
                )
            *sections, key = settings[name].path
            place = content
            for section in sections:
                place = place[section]
            # Without options, as in `--warp {}`, there is no augmentation.
            is_optional = type(None) in typing.get_args(settings[name].kind)
            place[key] = None if value == {} and is_optional else value
        config = self.from_json(content)
        if num_categories is None:
            return config
        codes = with_num_categories(config.latents.codes, num_categories)
        latents = dataclasses.replace(config.latents, codes=codes)
        return dataclasses.replace(config, latents=latents)

    def to_json(self) -> dict[str, Any]:
        """The configuration as nested plain data."""
        return to_plain(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "TrainingConfig":
        """The inverse of `to_json`.

        Raises:
            ValueError: If an option is unknown or out of its bounds.
        """
        return from_plain(cls, content)

    @classmethod
    def load(cls, path: Path) -> "TrainingConfig":
        """Reads a `config.json`.

        Raises:
            ValueError: If the file is not a configuration of this version.
        """
        checksums.check(path, "Remove the run directory, and train again.")
        try:
            return cls.from_json(read_json(path))
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"{path} should be the configuration of a run. Received: "
                f"{error} If it was made by an earlier version, train again."
            ) from None

    def identity(self) -> str:
        """What tells runs apart: the SHA-256 of all options but the epochs."""
        content = self.to_json()
        del content["epochs"]
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def differences(self, other: "TrainingConfig") -> list[str]:
        """The differences of `other`, as `data.num_labels: mine -> theirs`."""
        mine, theirs = self.to_json(), other.to_json()
        return [
            f"{'.'.join(setting.path)}: {json.dumps(setting.value(mine))} -> "
            f"{json.dumps(setting.value(theirs))}"
            for setting in self.settings()
            if setting.value(mine) != setting.value(theirs)
        ]


def _settings(kind: type, path: tuple[str, ...] = ()) -> Iterator[Setting]:
    kinds = typing.get_type_hints(kind)
    for item in dataclasses.fields(kind):
        inner, here = kinds[item.name], (*path, item.name)
        if "flag" not in item.metadata:
            yield from _settings(inner, here)
            continue
        flag = item.metadata["flag"]
        if isinstance(flag, Mapping):
            for key, own in flag.items():
                value_kind = typing.get_args(inner)[1]
                yield Setting((*here, key), own, value_kind, item)
        else:
            flag = flag or "--" + item.name.replace("_", "-")
            yield Setting(here, flag, inner, item)
