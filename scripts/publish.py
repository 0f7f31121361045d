"""Publishes a finished run in saved_models/, in every form that users take.

    python scripts/publish.py runs/seeds/mnist_seed_0 mnist

Writes `NAME.keras` (without the optimizers), its report, code map and
configuration, a model card, the images, `NAME.onnx` and `NAME_encoder.onnx`,
and the next version of the SavedModel in `NAME/`. The model is that of the
last step. Decide which run to publish before it is trained.
"""

import argparse
import json
import shutil
import string
from pathlib import Path
from typing import Any

import keras

from keras_infogan import checksums
from keras_infogan import export_onnx
from keras_infogan import export_onnx_encoder
from keras_infogan import export_saved_model
from keras_infogan.evaluation.report import read_report
from keras_infogan.reports.text import describe_report

FOLDER = Path(__file__).parents[1] / "saved_models"
CARD = string.Template("""# $name

An InfoGAN (Chen et al., 2016) trained on $dataset with
`keras-infogan train --preset $preset --seed $seed`. The seed was fixed in
advance, and the model is that of the last step.

## What it knows

$sentences

## Intended use

To generate digits of a given class, slant and stroke thickness, to read these
from an image (one digit, white on black, centered), and to show what an InfoGAN
learns. Not to read digits where errors matter: a classifier that was trained
with labels is better at it.

## How it was measured

On the test split, after matching categories to classes on the training split.
$labels in training; labels name the categories afterwards.
The recipe (its hyperparameters) was chosen by accuracy and by what the codes
change, on the training split and, for the last choices, on the test split:
see "How the recipe was chosen" in `scripts/results/accuracy.md`.

$equivariant$versions.

## Configuration

```json
$configuration
```

License: Apache-2.0. MNIST is by LeCun, Cortes and Burges.
""")


def write_card(name: str, report: dict[str, Any]) -> str:
    """Returns the model card, as Markdown."""
    configuration = report["configuration"]
    equivariant = "".join(
        f"`{code}` is equivariant to {effect}: supervised by the augmentation "
        "of generated images, not by labels.\n\n"
        for effect, codes in configuration["objective"][
            "equivariant_codes"
        ].items()
        for code in codes
    )
    return CARD.substitute(
        name=name,
        dataset=report["dataset"],
        preset=configuration["preset"],
        seed=report["seed"],
        sentences="\n".join(f"- {line}" for line in describe_report(report)),
        labels=f"{report['num_labels']} labels were used"
        if report["num_labels"]
        else "No label was used",
        equivariant=equivariant,
        versions=", ".join(
            f"{package} {version}"
            for package, version in report["versions"].items()
        ),
        configuration=json.dumps(configuration, indent=2),
    )


def publish(run: Path, name: str) -> None:
    """Publishes a run under a name."""
    report = read_report(run / "report.json")
    if report is None:
        raise SystemExit(f"{run} should have a report of this version.")
    # The model card speaks of digits.
    if report["dataset"] != "mnist":
        raise SystemExit(
            "RUN should be a run on mnist. "
            f"Received: {run}, a run on {report['dataset']}."
        )
    code_map = report["code_map"]
    card = write_card(name, report)
    model = keras.saving.load_model(
        run / "model.keras", compile=False, safe_mode=True
    )
    with checksums.recorded_path(
        FOLDER / f"{name}.keras", checksums.find_run(run / "model.keras")
    ) as partial:
        model.save(partial)
    for file in ("report.json", "code_map.json", "config.json"):
        shutil.copyfile(run / file, FOLDER / f"{name}_{file}")
        checksums.record(
            FOLDER / f"{name}_{file}", checksums.find_run(run / file)
        )
    (FOLDER / f"{name}_model_card.md").write_text(card)
    images = FOLDER / "pictures"
    images.mkdir(exist_ok=True)
    for image in run.glob("*.png"):
        shutil.copyfile(image, images / image.name)
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
        checksums.record(FOLDER / f"{name}{suffix}.onnx")
    print(f"Published {name}, version {version.name}, in {FOLDER}.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="directory of a finished run")
    parser.add_argument("name", help="name of the model")
    args = parser.parse_args()
    publish(args.run, args.name)
