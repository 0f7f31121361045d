"""The results of `speed.py` as a summary, a table and bars."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def summarize(results: Mapping[str, Any]) -> dict[str, Any]:
    """The main numbers; `None` where one was not measured."""

    def find(*keys: str) -> Any:
        value: Any = results
        for key in keys:
            value = (value or {}).get(key)
        return value

    rate = "images_per_s"
    return {
        "writeup_fused_images_per_s": find("writeup", "64", "fused", rate),
        "writeup_three_phase_images_per_s": find(
            "writeup", "64", "three_phase", rate
        ),
        "writeup_torch_images_per_s": find("writeup", "64", "torch", rate),
        "default_images_per_s": find("presets", "mnist", rate),
        "default_peak_share": find("presets", "mnist", "peak_share"),
        "pipeline_images_per_s": find("pipeline", "mnist", rate),
    }


def table(results: Mapping[str, Any]) -> str:
    """The numbers as Markdown."""
    lines = [
        "| what | images/s | range | images/CPU s | step (ms) | MiB |",
        "|---|---|---|---|---|---|",
    ]
    groups = {
        **{
            f"write-up, batches of {size}: ": group
            for size, group in results.get("writeup", {}).items()
        },
        "preset ": results.get("presets", {}),
        "pipeline of ": results.get("pipeline", {}),
        "default preset, ": results.get("options", {}),
        "generator by ": results.get("generate", {}),
        "default preset, images ": results.get("growth", {}),
    }
    for prefix, group in groups.items():
        for name, one in group.items():
            low, high = one["images_per_s_range"]
            lines.append(
                f"| {prefix}{name} | {one['images_per_s']:,.0f} "
                f"| {low:,.0f} to {high:,.0f} | {one['images_per_cpu_s']:,.0f} "
                f"| {one['step_ms']:.1f} | {one['peak_mib']:,.0f} |"
            )
    return "\n".join(lines)


def draw(results: Mapping[str, Any], path: Path) -> None:
    """Bars of the write-up's networks, batch sizes side by side."""
    import matplotlib.pyplot as plt

    groups = results["writeup"]
    names = list(next(iter(groups.values())))
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    for number, name in enumerate(names):
        places = [
            place + (number - (len(names) - 1) / 2) * 0.25
            for place in range(len(groups))
        ]
        rates = [group[name]["images_per_s"] for group in groups.values()]
        bars = axes.bar(places, rates, 0.23, label=name.replace("_", " "))
        axes.bar_label(bars, fmt="%.0f", fontsize=8)
    axes.set_xticks(range(len(groups)), [str(size) for size in groups])
    axes.set_xlabel("images in a batch")
    axes.set_ylabel("images a second")
    axes.set_title("Training of the write-up's networks, 32 x 32, two cores")
    figure.legend(loc="outside right upper")
    figure.savefig(path, dpi=120)
