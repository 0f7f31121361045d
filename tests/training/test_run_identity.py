"""Files of one run are not read as those of another, even with checksums."""

import json
import shutil
import subprocess

import pytest

from keras_infogan import checksums
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.code_map import find_code_map
from keras_infogan.evaluation.report import find_report
from keras_infogan.evaluation.report import write_report
from keras_infogan.models.pretrained import load_model
from keras_infogan.training import run
from keras_infogan.training.callbacks import Checkpoints
from keras_infogan.training.callbacks import Run
from keras_infogan.training.callbacks import find_checkpoints
from keras_infogan.training.callbacks import restore
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.run import lock_directory
from keras_infogan.training.run import train
from keras_infogan.training.run_log import RunLog
from keras_infogan.training.run_log import read_log
from tests.helpers.command_line import fail
from tests.helpers.models import adam
from tests.helpers.models import tiny_model
from tests.helpers.runs import few_digits

CONFIG = few_digits().replace(epochs=2)
RESULTS = ("model.keras", "report.json", "code_map.json")


def compiled():
    model = tiny_model()
    model.compile(adam(), adam(), jit_compile=False)
    return model


def save_checkpoints(run_dir, *steps, model=None):
    model = model or compiled()
    saver = Checkpoints(Run(run_dir, 0, 99, 99), 1)
    saver.set_model(model)
    for step in steps:
        model.step.assign(step)
        saver.run_step = step
        saver.save()


def make_run(run_dir, config):
    """All that a run has, written as `train` writes it, but untrained."""
    with lock_directory(run_dir, config):
        pass
    run = checksums.find_run(run_dir / "config.json")
    save_checkpoints(run_dir, 1, 2)
    with checksums.recorded_path(run_dir / "model.keras", run) as partial:
        tiny_model().save(partial)
    report = find_report("mnist")
    assert report is not None
    report["configuration"] = config.to_json()
    # Without codes, it suits every model.
    report["code_map"] = CodeMap({})
    write_report(run_dir / "report.json", report, run)
    checksums.write_recorded_json(
        run_dir / "code_map.json", CodeMap({}).to_json(), run
    )
    (run_dir / "log.jsonl").write_text('{"step": 1}\n')
    RunLog(Run(run_dir, 1, 9, 9), 1, batch_size=4).close()
    return run_dir


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run, one with another seed, and one with more epochs."""
    folder = tmp_path_factory.mktemp("runs")
    make_run(folder / "mine", CONFIG)
    make_run(folder / "other", CONFIG.replace(seed=1))
    make_run(folder / "longer", CONFIG.replace(epochs=3))
    return folder


@pytest.fixture
def runs(made, tmp_path):
    return shutil.copytree(made, tmp_path / "runs")


def swap_in(runs, name, *, of="other"):
    """A file of another run, with its checksum, in place of one's own."""
    source, target = runs / of / name, runs / "mine" / name
    shutil.copy(source, target)
    shutil.copy(
        checksums.checksum_path(source), checksums.checksum_path(target)
    )
    assert checksums.is_intact(target)
    return target


def test_the_options_but_not_the_epochs_tell_runs_apart():
    identity = few_digits().replace(epochs=2).identity()
    assert identity == CONFIG.identity()
    assert identity == CONFIG.replace(epochs=3).identity()
    assert identity != CONFIG.replace(seed=1).identity()
    assert identity != CONFIG.replace(beta_1=0.4).identity()


def read_all(run_dir):
    """As the commands read the files of a run."""
    model = load_model(run_dir)
    assert find_code_map(run_dir, model.latent_spec) is not None
    assert find_report(run_dir) is not None
    assert read_log(run_dir / "log.jsonl")
    assert restore(compiled(), run_dir / "checkpoints") == 2


def test_the_files_of_a_run_belong_together(runs):
    read_all(runs / "mine")
    done = subprocess.run(
        "sha256sum --check --strict .*.sha256",
        shell=True,
        cwd=runs / "mine",
        check=True,
        capture_output=True,
    )
    assert not done.stderr


def test_a_run_of_an_earlier_version_has_no_identity(runs):
    for path in (runs / "mine").rglob(".*.sha256"):
        path.write_text(path.read_text().partition("#")[0])
    read_all(runs / "mine")


@pytest.mark.parametrize("name", ["report.json", "code_map.json"])
def test_a_file_without_identity_is_of_an_earlier_version(name, runs):
    """As one that was edited by hand, and lost its checksum."""
    checksums.checksum_path(swap_in(runs, name)).unlink()
    read_all(runs / "mine")


@pytest.mark.parametrize("name", [*RESULTS, "log.jsonl", "config.json"])
def test_a_file_of_another_run_is_refused(name, runs):
    swap_in(runs, name)
    with pytest.raises(checksums.OtherRun, match="should be of run .*Received"):
        read_all(runs / "mine")


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_of_another_number_of_epochs_is_refused(name, runs):
    swap_in(runs, name, of="longer")
    with pytest.raises(
        checksums.OtherRun, match="after epoch 2, .* epoch 3[.]"
    ):
        read_all(runs / "mine")


def test_checkpoints_and_log_of_more_epochs_are_of_the_same_run(runs):
    for name in ("log.jsonl", "checkpoints/step_00000002.weights.h5"):
        swap_in(runs, name, of="longer")
    read_all(runs / "mine")


def test_a_checkpoint_of_another_run_leads_to_the_older_one(runs, caplog):
    path = swap_in(runs, "checkpoints/step_00000002.weights.h5")
    assert restore(compiled(), path.parent) == 1
    assert f"{path} cannot be used: {path} should be of run" in caplog.text


def test_later_checkpoints_that_were_passed_over_displace_none(runs):
    """Else a run that is killed again would have lost all its steps."""
    folder = runs / "mine" / "checkpoints"
    save_checkpoints(runs / "other", 8, 9)
    for path in find_checkpoints(runs / "other" / "checkpoints"):
        shutil.copy(path, folder)
        shutil.copy(checksums.checksum_path(path), folder)
    model = compiled()
    assert restore(model, folder) == 2
    save_checkpoints(runs / "mine", 3, 4, model=model)
    numbers = [int(path.name[5:13]) for path in find_checkpoints(folder)]
    assert numbers == [9, 8, 4, 3]
    assert restore(compiled(), folder) == 4


@pytest.mark.parametrize(
    ("name", "words", "remedy"),
    [
        ("model.keras", ("sample", "mine"), "train"),
        ("model.keras", ("evaluate", "mine"), "train"),
        ("model.keras", ("sample", "mine/model.keras"), "train"),
        ("code_map.json", ("sample", "mine", "--digit=7"), "evaluate mine"),
        (
            "report.json",
            ("traverse", "mine", "--code=category"),
            "evaluate mine",
        ),
        ("report.json", ("compare", "mine", "other"), "evaluate mine"),
    ],
)
def test_the_error_says_what_to_do(
    name, words, remedy, runs, monkeypatch, capfd
):
    swap_in(runs, name)
    monkeypatch.chdir(runs)
    error = fail(capfd, *words)
    assert f"mine/{name} should be of run {CONFIG.identity()[:12]}" in error
    assert "Put that of this run back, or move it away and" in error
    assert f"`keras-infogan {remedy}" in error


@pytest.mark.parametrize("epochs", [2, 3])
def test_training_does_not_replace_the_model_of_another_run(runs, epochs):
    path = swap_in(runs, "model.keras")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="model.keras should be of run"):
        train(CONFIG.replace(epochs=epochs), runs / "mine")
    assert path.read_bytes() == before


def test_a_run_that_is_continued_stays_the_same(runs):
    config = runs / "mine" / "config.json"
    with lock_directory(runs / "mine", CONFIG.replace(epochs=7)):
        pass
    run = f"{CONFIG.identity()} after epoch 7"
    assert checksums.find_run(config) == run
    assert restore(compiled(), runs / "mine" / "checkpoints") == 2
    # They are those of the shorter run.
    assert not any((runs / "mine" / name).exists() for name in RESULTS)
    # Of an earlier version: from now on, it has an identity.
    checksums.checksum_path(runs / "other" / "config.json").unlink()
    longer = CONFIG.replace(seed=1, epochs=7)
    with lock_directory(runs / "other", longer):
        pass
    found = checksums.find_run(runs / "other" / "config.json")
    assert found == f"{longer.identity()} after epoch 7"
    content = json.loads((runs / "other" / "config.json").read_text())
    assert content == longer.to_json()


def test_results_stay_if_there_is_nothing_to_continue_from(tmp_path):
    """A longer run begins by removing them, but not without a checkpoint."""
    make_run(tmp_path, CONFIG)
    before = {name: (tmp_path / name).read_bytes() for name in RESULTS}
    for path in find_checkpoints(tmp_path / "checkpoints"):
        path.write_bytes(b"x")
    with (
        pytest.raises(OSError, match="should have a checkpoint of this run"),
        lock_directory(tmp_path, CONFIG.replace(epochs=3)),
    ):
        pass
    assert before == {name: (tmp_path / name).read_bytes() for name in RESULTS}
    assert TrainingConfig.load(tmp_path / "config.json") == CONFIG


def test_more_steps_than_the_run_has(few_digits_dir, tmp_path, monkeypatch):
    """Of images that have become fewer: it would never end."""
    monkeypatch.setattr(run, "_restore_on_all", lambda model, run_dir: 41)
    monkeypatch.setattr(run, "fit", pytest.fail)
    with pytest.raises(ValueError, match="of at most 40 steps"):
        train(CONFIG, tmp_path, data_dir=few_digits_dir, export=False)


@pytest.mark.parametrize(
    ("name", "is_folder"),
    [("code_map.json", True), ("report.html", True), ("samples", False)],
)
def test_what_is_in_the_way_is_found_before_the_training(
    name, is_folder, few_digits_dir, tmp_path, monkeypatch
):
    monkeypatch.setattr(run, "fit", pytest.fail)
    with lock_directory(tmp_path, CONFIG):
        pass
    if is_folder:
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).touch()
    with pytest.raises(OSError, match=name):
        train(CONFIG, tmp_path, data_dir=few_digits_dir, export=False)


def test_a_log_without_curves(few_digits_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "fit", pytest.fail)
    with lock_directory(tmp_path, CONFIG):
        pass
    (tmp_path / "log.jsonl").write_text('{"step": 3}\n')
    with pytest.raises(ValueError, match="discriminator_loss and generator"):
        train(CONFIG, tmp_path, data_dir=few_digits_dir, export=False)


def test_a_report_of_another_run(few_digits_dir, tmp_path):
    """A finished run is not finished by the report of another."""
    make_run(tmp_path, CONFIG)
    record = checksums.checksum_path(tmp_path / "report.json")
    other = CONFIG.replace(seed=5).identity()
    record.write_text(record.read_text().replace(CONFIG.identity(), other))
    with pytest.raises(ValueError, match="should be of run"):
        train(CONFIG, tmp_path, data_dir=few_digits_dir, export=False)
