"""The GAN that comes with the program: drawn whole and exact, and not trained in a way that would be wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from netbuilder.compiler.build import build
from netbuilder.compiler.source import source
from netbuilder.data import dataset
from netbuilder.data.config import read as read_data
from netbuilder.diagnostics import NetbuilderError
from netbuilder.examples import find
from netbuilder.graph.files import load
from netbuilder.graph.project import Project
from netbuilder.training.export import export_project
from netbuilder.training.run import Run
from tests.drawing import id_of, program_of


@pytest.fixture
def gan() -> Project:
    return load(find("digits_gan").path)


def test_its_losses_are_those_of_its_paper_with_the_generator_that_does_not_saturate(gan: Project) -> None:
    """Goodfellow et al., 2014: the discriminator maximises log D(x) + log(1 - D(G(z))), the generator log D(G(z))."""
    program = program_of(gan)
    network = build(program).eval()
    image, noise = torch.randn(5, 1, 8, 8), torch.randn(5, 16)
    results = dict(zip([result.name for result in program.results], network(image, noise), strict=True))
    d_x = torch.sigmoid(network.see_real(image)[0])
    d_g_z = torch.sigmoid(network.see_real(network.generate(noise)[0])[0])
    assert torch.allclose(results["d_real"], -torch.log(d_x).mean())
    assert torch.allclose(results["d_fake"], -torch.log(1 - d_g_z).mean())
    assert torch.allclose(results["g_fake"], -torch.log(d_g_z).mean())


def test_one_discriminator_sees_both_kinds_of_pictures(gan: Project) -> None:
    program = program_of(gan)
    assert [name for name, _ in build(program).named_children()] == ["generate", "see_real", "real", "fake"]
    assert source(program).count("= Discriminator(") == 1


def test_training_it_says_that_it_needs_phases_and_makes_no_run(gan: Project, tmp_path: Path) -> None:
    with pytest.raises(NetbuilderError, match="learns in phases, each with its own losses and weights"):
        Run.create(gan, tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()


def test_the_phases_that_it_asks_for_are_those_of_its_two_players(gan: Project) -> None:
    phases: Any = gan.training["phases"]
    ids = {name: id_of(gan, name) for name in ("d_real", "d_fake", "g_fake", "see_real", "generate")}
    assert [(phase["name"], phase["losses"], phase["update"]) for phase in phases] == [
        ("discriminator", (ids["d_real"], ids["d_fake"]), (ids["see_real"],)),
        ("generator", (ids["g_fake"],), (ids["generate"],)),
    ]


def test_taking_turns_as_its_phases_say_it_learns_to_draw_what_looks_like_digits(gan: Project) -> None:
    """What a later version will do, by hand: the drawing is one that two phases can train."""
    program = program_of(gan)
    torch.manual_seed(0)
    network = build(program)
    images = dataset.load(read_data(gan.data), torch.device("cpu")).split("train").fields["image"]
    names = [result.name for result in program.results]
    players = {"see_real": ("d_real", "d_fake"), "generate": ("g_fake",)}
    optimizers = {
        name: torch.optim.Adam(network.get_submodule(name).parameters(), 5e-4, (0.5, 0.999)) for name in players
    }

    @torch.no_grad()
    def distance() -> float:
        """Return how far drawn pictures are from the nearest real one."""
        drawn = network.generate(torch.randn(500, 16))[0]
        return float(torch.cdist(drawn.flatten(1), images.flatten(1)).min(1).values.mean())

    before = distance()
    for _ in range(200):
        batch = images[torch.randint(0, len(images), (64,))]
        for player, losses in players.items():
            results = dict(zip(names, network(batch, torch.randn(64, 16)), strict=True))
            optimizers[player].zero_grad()
            torch.stack([results[loss] for loss in losses]).sum().backward()
            optimizers[player].step()
    assert distance() < 0.75 * before


def test_an_application_gets_the_generator_alone(gan: Project, tmp_path: Path) -> None:
    report = export_project(gan, tmp_path / "gan.onnx")
    assert (list(report.inputs), list(report.outputs)) == (["noise"], ["digit"])
    session = onnxruntime.InferenceSession(str(report.path), providers=["CPUExecutionProvider"])
    (digits,) = session.run(None, {"noise": np.random.default_rng(0).standard_normal((4, 16), dtype=np.float32)})
    assert isinstance(digits, np.ndarray)
    assert digits.shape == (4, 1, 8, 8)
