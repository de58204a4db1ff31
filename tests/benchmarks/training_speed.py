"""Training from the canvas against the same network in loops written by hand.

Run it: `python tests/benchmarks/training_speed.py`.

For each network three loops do the same job, all epochs with a validation after each: the program's (`Run`, window
closed, start to end, files and all), a tuned one (tensors resident, each epoch gathered once, fused optimizer, losses
kept on the device) and the one of the tutorials (`DataLoader`, `nn.Sequential`, `.item()` at each step). They take
turns, round by round, and the median of the rounds' ratios is printed, so that a machine that is busy now and then does
little harm; the final losses are printed too, since a faster loop that computes something else is no news.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

sys.path.insert(0, str(Path(__file__).parents[2]))

from netbuilder.data import catalog, dataset
from netbuilder.graph.edits import SetSection
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import Project
from netbuilder.training.device import describe, resolve
from netbuilder.training.run import Run
from tests.drawing import Drawing

BATCH_SIZE = 64


def mlp(drawing: Drawing, image: NodeId) -> NodeId:
    """Draw 64 - 64 - 32 - 10."""
    flat = drawing.put("Flatten", "flatten", image)
    hidden = drawing.put("ReLU", "relu1", drawing.put("Linear", "fc1", flat, out_features=64))
    hidden = drawing.put("ReLU", "relu2", drawing.put("Linear", "fc2", hidden, out_features=32))
    return drawing.put("Linear", "logits", hidden, out_features=10)


def mlp_by_hand() -> nn.Sequential:
    """Write the same."""
    layers = (nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    return nn.Sequential(*layers)


def cnn(drawing: Drawing, image: NodeId) -> NodeId:
    """Draw two convolutions with a pooling after each, and a classifier."""
    for number, channels in ((1, 16), (2, 32)):
        conv = drawing.put("Conv2d", f"conv{number}", image, out_channels=channels)
        image = drawing.put("MaxPool2d", f"pool{number}", drawing.put("ReLU", f"relu{number}", conv))
    return drawing.put("Linear", "logits", drawing.put("Flatten", "flatten", image), out_features=10)


def cnn_by_hand() -> nn.Sequential:
    """Write the same."""
    first = (nn.Conv2d(1, 16, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2))
    second = (nn.Conv2d(16, 32, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2))
    return nn.Sequential(*first, *second, nn.Flatten(), nn.Linear(128, 10))


@dataclass(frozen=True)
class Case:
    """A network, drawn and written."""

    name: str
    draw: Callable[[Drawing, NodeId], NodeId]
    write: Callable[[], nn.Sequential]
    epochs: int
    aim: float | None = None
    """How many times as fast as the tutorial's loop it is meant to be."""


CASES = (Case("digits MLP", mlp, mlp_by_hand, 150, 2.4), Case("digits CNN", cnn, cnn_by_hand, 30))


def project(case: Case, device: torch.device) -> Project:
    """Return the case as a project."""
    drawing = Drawing(catalog.default_config("digits").section())
    image = drawing.put("Input", "image", field="image")
    label = drawing.put("Input", "label", field="label")
    logits = case.draw(drawing, image)
    drawing.put("CrossEntropy", "cross_entropy", logits, label)
    drawing.put("Accuracy", "accuracy", logits, label)
    training = {"epochs": case.epochs, "batch_size": BATCH_SIZE, "device": str(device)}
    SetSection("training", training).apply(drawing.project)
    return drawing.project


def canvas(case: Case, device: torch.device) -> tuple[float, float]:
    """Train from the canvas; return the seconds and the last validation loss."""
    with tempfile.TemporaryDirectory() as folder:
        run = Run.create(project(case, device), Path(folder) / "run")
        started = time.perf_counter()
        run.start()
        run.join()
        seconds = time.perf_counter() - started
        *_, last, _ = run.telemetry.take_events()
        return seconds, last.values["validation_loss"]


def tuned(case: Case, device: torch.device) -> tuple[float, float]:
    """Train with a loop in which nothing is wasted."""
    data = dataset.load(catalog.default_config("digits"), device)
    images, labels = data.split("train").fields.values()
    check_images, check_labels = data.split("validation").fields.values()
    torch.manual_seed(0)
    model = case.write().to(device)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    losses: list[torch.Tensor] = []
    check = 0.0
    started = time.perf_counter()
    for _ in range(case.epochs):
        model.train()
        order = torch.randperm(len(images)).to(device)
        for x, y in zip(*(part.index_select(0, order).split(BATCH_SIZE) for part in (images, labels)), strict=True):
            loss = functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.detach())
        torch.stack(losses).cpu()
        losses.clear()
        model.eval()
        with torch.inference_mode():
            logits = model(check_images)
            check = functional.cross_entropy(logits, check_labels).item()
            (logits.argmax(1) == check_labels).float().mean().item()
    return time.perf_counter() - started, check


def tutorial(case: Case, device: torch.device) -> tuple[float, float]:
    """Train as the tutorials teach it."""
    data = dataset.load(catalog.default_config("digits"), torch.device("cpu"))
    parts = {part: TensorDataset(*data.split(part).fields.values()) for part in ("train", "validation")}
    batches = DataLoader(parts["train"], BATCH_SIZE, shuffle=True)
    checks = DataLoader(parts["validation"], BATCH_SIZE)
    torch.manual_seed(0)
    model = case.write().to(device)
    optimizer = torch.optim.Adam(model.parameters())
    criterion = nn.CrossEntropyLoss()
    total = 0.0
    started = time.perf_counter()
    for _ in range(case.epochs):
        model.train()
        running = 0.0
        for x, y in batches:
            x, y = x.to(device), y.to(device)
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            running += loss.item()
        model.eval()
        total, correct = 0.0, 0
        with torch.no_grad():
            for x, y in checks:
                x, y = x.to(device), y.to(device)
                logits = model(x)
                total += criterion(logits, y).item() * len(x)
                correct += (logits.argmax(1) == y).sum().item()
        total /= len(parts["validation"])
    return time.perf_counter() - started, total


def main() -> None:
    """Compare the three loops."""
    parser = argparse.ArgumentParser(description="Training speed: canvas, tuned loop, tutorial loop.")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = resolve(options.device)
    print(
        f"torch {torch.__version__}, {describe(device, options.threads)}, batch {BATCH_SIZE}, {options.rounds} rounds"
    )

    loops = {"canvas": canvas, "tuned": tuned, "tutorial": tutorial}
    for case in CASES:
        seconds: dict[str, list[float]] = {name: [] for name in loops}
        losses: dict[str, float] = {}
        for number in range(options.rounds + 1):
            for name, loop in loops.items():
                took, losses[name] = loop(case, device)
                if number:  # the first is for warming up
                    seconds[name].append(took)
        median = {name: statistics.median(times) for name, times in seconds.items()}
        epoch = {name: 1000 * value / case.epochs for name, value in median.items()}
        print(f"\n{case.name}, {case.epochs} epochs")
        for name in loops:
            print(f"  {name:9} {epoch[name]:8.2f} ms an epoch   validation loss at the end {losses[name]:.4f}")
        for other, aim in (("tuned", 0.98), ("tutorial", case.aim)):
            ratios = sorted(theirs / ours for theirs, ours in zip(seconds[other], seconds["canvas"], strict=True))
            wanted = f", aim {aim}" if aim else ""
            print(
                f"  canvas / {other:9} {statistics.median(ratios):.3f} times as fast "
                f"({ratios[0]:.2f} to {ratios[-1]:.2f}{wanted})"
            )


if __name__ == "__main__":
    main()
