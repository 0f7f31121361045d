"""Puts a finished run into saved_models/, in every form that users take.

    python scripts/publish.py runs/seeds/mnist_seed_0 mnist

Writes `NAME.keras` (without the optimizers), its report, code map and
configuration, a model card, the pictures, `NAME.onnx` and `NAME_encoder.onnx`,
and the next version of the SavedModel in `NAME/`. The model is what the run
ended with: which run is published is decided before it is trained.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import keras

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.export.onnx import export_onnx
from keras_infogan.export.onnx import export_onnx_encoder
from keras_infogan.export.saved_model import export_saved_model
from keras_infogan.files import atomic_path
from keras_infogan.reports.text import describe_report

FOLDER = Path(__file__).parents[1] / "saved_models"


def write_card(name: str, report: dict[str, Any]) -> str:
    """The model card, as Markdown."""
    sentences = "\n".join(
        f"- {sentence}" for sentence in describe_report(report)
    )
    options = json.dumps(report["configuration"], indent=2)
    versions = ", ".join(
        f"{package} {version}"
        for package, version in report["versions"].items()
    )
    objective = report["configuration"]["objective"]
    told = "".join(
        f"That `{code}` is {effect} was told by geometry, not by labels: how "
        f"{changed} the random copies of generated images are is known. "
        for effect, changed in (
            ("slant", "far slanted"),
            ("thickness", "much thicker"),
        )
        for code in objective["equivariant_codes"].get(effect, {})
    )
    return f"""# {name}

An InfoGAN (Chen et al., 2016) trained on {report["dataset"]} by
`keras-infogan train --preset {report["configuration"]["preset"]} --seed \
{report["seed"]}`. The seed was fixed beforehand; the model is that of the last
step.

## What it knows

{sentences}

## What it is for

To draw digits of a chosen class, slant and stroke, to read these from an image
(white on black, one digit, in the middle), and to show what an InfoGAN learns.
Not to read digits where errors matter: a classifier that was trained with
labels is better at it.

## How it was measured

On the test split; the pairs of categories and classes were fitted on the
training split. {
        "No label was used"
        if not report["num_labels"]
        else f"{report['num_labels']} labels were used"
    } in training or selection; labels
name the categories afterwards. The recipe itself was chosen by accuracy: on the
training split with seeds 0 to 4; and by what the codes change. The share of
near images, the number of epochs, to erase nothing, and to teach the trunk no
information were chosen on the test split with single runs of seeds 0 to 2; the
last two together were then seen in seeds 0 to 4.
{told}{versions}.

## Options

```json
{options}
```

License: Apache-2.0. MNIST is by LeCun, Cortes and Burges.
"""


def main(run: Path, name: str) -> None:
    """Publishes a run under a name."""
    report = json.loads((run / "report.json").read_text())
    # Of which the model card speaks.
    if report["dataset"] != "mnist":
        raise SystemExit(
            "publish takes a run on mnist. "
            f"Received: {run}, on {report['dataset']}."
        )
    code_map = CodeMap.load(run / "code_map.json").to_json()
    card = write_card(name, report)
    model = keras.saving.load_model(
        run / "model.keras", compile=False, safe_mode=True
    )
    with atomic_path(FOLDER / f"{name}.keras") as partial:
        model.save(partial)
    for file in ("report.json", "code_map.json", "config.json"):
        shutil.copyfile(run / file, FOLDER / f"{name}_{file}")
    (FOLDER / f"{name}_model_card.md").write_text(card)
    pictures = FOLDER / "pictures"
    pictures.mkdir(exist_ok=True)
    for picture in run.glob("*.png"):
        shutil.copyfile(picture, pictures / picture.name)
    version = export_saved_model(
        model,
        FOLDER / name,
        code_map=code_map,
        model_card=card,
        configuration=report["configuration"],
    )
    for suffix, export in (
        ("", export_onnx),
        ("_encoder", export_onnx_encoder),
    ):
        export(
            model,
            FOLDER / f"{name}{suffix}.onnx",
            code_map=code_map,
            model_card=card,
            version=int(version.name),
        )
    print(f"Published {name}, version {version.name}, in {FOLDER}.")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python scripts/publish.py RUN NAME")
    main(Path(sys.argv[1]), sys.argv[2])
