"""What a trained network is worth on a part of its data."""

from __future__ import annotations

from pathlib import Path

from netbuilder.data import config as data_config
from netbuilder.data import dataset
from netbuilder.training import config
from netbuilder.training.device import resolve
from netbuilder.training.folder import RunFolder, Weights
from netbuilder.training.network import Network
from netbuilder.training.trained import load_trained


def evaluate(
    run_folder: Path, split: str = "test", weights: Weights = "best", device: str = "auto"
) -> dict[str, float]:
    """Return `loss` and every metric, by its name on the canvas, over a part of the data. Raises `NetbuilderError`."""
    trained = load_trained(run_folder, weights)
    place = resolve(device)
    data = dataset.load(data_config.read(trained.project.data), place)
    batch_size = config.read(RunFolder.open(run_folder).info()["config"]).batch_size
    network = Network(trained.program, place, trained.module)
    return network.measure(network.check_batches(data.split(split), batch_size))
