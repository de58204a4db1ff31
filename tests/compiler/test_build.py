"""The module that a program becomes, its printed twin, and looks inside it."""

from __future__ import annotations

import pytest
import torch
from torch import fx, nn
from torch.utils.flop_counter import FlopCounterMode

from netbuilder.blocks.spec import BATCH, Arg, Free, TensorSpec, function, module
from netbuilder.compiler.build import build
from netbuilder.compiler.calls import resolve
from netbuilder.compiler.infer import InferenceError, infer
from netbuilder.compiler.interpret import NodeFailure, activations, first_non_finite, run
from netbuilder.compiler.lower import lower
from netbuilder.compiler.source import source
from netbuilder.graph.edits import RenameNode
from netbuilder.graph.model import NodeId, PortRef
from tests.drawing import Drawing, digits_cnn, id_of, program_of
from tests.printing import assert_equal_to_its_print


def digits_batch(size: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(size, 1, 8, 8, generator=generator), torch.randint(0, 10, (size,), generator=generator)


def test_results_come_in_order_and_weights_have_the_names_of_the_canvas() -> None:
    network = build(program_of(digits_cnn().project))
    logits, loss, accuracy = network(*digits_batch())
    assert logits.shape == (5, 10)
    assert loss.shape == accuracy.shape == ()
    assert list(network.state_dict()) == ["conv1.weight", "conv1.bias", "classes.weight", "classes.bias"]


def test_the_loss_is_torchs_own() -> None:
    image, label = digits_batch()
    logits, loss, accuracy = build(program_of(digits_cnn().project))(image, label)
    assert torch.equal(loss, nn.functional.cross_entropy(logits, label))
    assert torch.equal(accuracy, (logits.argmax(1) == label).float().mean())


def test_views_of_one_network_share_its_weights() -> None:
    program = program_of(digits_cnn().project)
    network = build(program)
    training = build(program.only("loss"), network)
    inference = build(program.only("output"), network)
    image, label = digits_batch()
    (loss,) = training(image, label)
    loss.backward()
    assert training.conv1 is inference.conv1 is network.conv1
    assert network.conv1.weight.grad is not None


def test_the_same_seed_builds_the_same_weights() -> None:
    program = program_of(digits_cnn().project)
    torch.manual_seed(3)
    first = build(program).state_dict()
    torch.manual_seed(3)
    second = build(program).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_printed_source_imports_torch_alone_and_computes_the_same() -> None:
    program = program_of(digits_cnn().project).only("output")
    imports = [line for line in source(program).splitlines() if "import" in line]
    assert imports == ["import torch", "from torch import nn", "from torch.nn import functional"]
    assert_equal_to_its_print(program)


def test_printed_source_returns_all_results_of_a_program_with_several() -> None:
    assert_equal_to_its_print(program_of(digits_cnn().project), *digits_batch())


def test_printed_source_says_what_torch_has_no_default_for() -> None:
    drawing = Drawing()
    drawing.put("Output", "out", drawing.put("Softmax", "softmax", drawing.put("Input", "x", shape=[5]), dim=1))
    assert_equal_to_its_print(program_of(drawing.project), torch.randn(3, 5))


def several_outputs() -> Drawing:
    drawing = Drawing()
    rows = drawing.put("Input", "rows", shape=[8, 6])
    lstm = drawing.put("LSTM", "lstm", rows, hidden_size=5)
    drawing.put("Output", "all_steps", PortRef(lstm, "sequence"))
    drawing.put("Output", "final", PortRef(lstm, "last"))
    return drawing


def test_a_block_with_several_outputs_hands_out_each() -> None:
    program = program_of(several_outputs().project)
    rows = torch.randn(3, 8, 6)
    sequence, last = build(program)(rows)
    assert sequence.shape == (3, 8, 5)
    assert torch.equal(sequence[:, -1], last)
    assert_equal_to_its_print(program, rows)


def test_names_that_meet_in_the_printed_source_stay_apart() -> None:
    drawing = several_outputs()
    rows = id_of(drawing.project, "rows")
    drawing.put("Output", "more", drawing.put("ReLU", "lstm_result", rows))
    RenameNode(rows, "lstm_sequence").apply(drawing.project)
    assert_equal_to_its_print(program_of(drawing.project), torch.randn(3, 8, 6))


def test_activations_of_inputs_layers_and_losses_can_be_seen() -> None:
    project = digits_cnn().project
    network = build(program_of(project))
    wanted = [id_of(project, name) for name in ("image", "conv1", "loss")]
    image, label = digits_batch()
    seen = activations(network, (image, label), wanted)
    assert torch.equal(seen[wanted[0]], image)
    assert torch.equal(seen[wanted[1]], network.conv1(image))
    assert seen[wanted[2]].shape == ()
    assert not seen[wanted[1]].requires_grad
    assert activations(network, (image, label), [NodeId("n99")]) == {}


def test_the_block_where_numbers_go_bad_is_found() -> None:
    project = digits_cnn().project
    network = build(program_of(project))
    assert first_non_finite(network, digits_batch()) is None
    with torch.no_grad():
        network.classes.bias[3] = torch.nan
    assert first_non_finite(network, digits_batch()) == id_of(project, "classes")


def test_the_block_that_fails_is_named() -> None:
    project = digits_cnn().project
    network = build(program_of(project))
    image, _ = digits_batch()
    with pytest.raises(NodeFailure) as failure:
        run(network, (image, torch.full((5,), 77)))
    assert failure.value.node == id_of(project, "loss")
    assert "77" in str(failure.value)


def test_shapes_are_inferred_once_for_equal_calls() -> None:
    infer.cache_clear()
    call, spec = module("torch.nn.Linear", in_features=4, out_features=3), TensorSpec((BATCH, 4))
    infer(call, (spec,))
    infer(module("torch.nn.Linear", in_features=4, out_features=3), (TensorSpec((BATCH, 4)),))
    assert (infer.cache_info().hits, infer.cache_info().misses) == (1, 1)


def test_a_batch_that_is_folded_away_becomes_an_expression() -> None:
    folded = infer(function("torch.flatten", Arg(0), 0, 1), (TensorSpec((BATCH, 5, 7)),))
    assert folded.outputs[0][1].shape == (Free("N", 5), 7)


def test_what_torch_refuses_is_said_in_its_words() -> None:
    with pytest.raises(InferenceError, match=r"reduction dim"):
        infer(module("torch.nn.Linear", in_features=4, out_features=3), (TensorSpec((BATCH, 5)),))


def test_inference_draws_no_random_numbers() -> None:
    state = torch.get_rng_state()
    infer(module("torch.nn.LSTM", input_size=4, hidden_size=3, results={"y": (0,)}), (TensorSpec((BATCH, 5, 4)),))
    assert torch.equal(torch.get_rng_state(), state)


def test_flops_are_those_that_torch_counts() -> None:
    project = digits_cnn().project
    network = build(program_of(project).only("output"))
    with FlopCounterMode(display=False) as counter:
        network(torch.randn(1, 1, 8, 8))
    assert lower(project).total().flops == counter.get_total_flops()


def test_parameters_are_those_of_the_module() -> None:
    project = digits_cnn().project
    network = build(program_of(project))
    assert lower(project).total().parameters == sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("target", ["os.system", "builtins.eval", "torch.hub.load", "subprocess.run"])
def test_calls_reach_nothing_but_layers(target: str) -> None:
    with pytest.raises(ValueError, match="is not in one of"):
        resolve(target)


def test_a_built_network_is_a_clean_graph() -> None:
    network = build(program_of(digits_cnn().project))
    assert isinstance(network, fx.GraphModule)
    assert [node.op for node in network.graph.nodes].count("placeholder") == 2
    assert {node.name for node in network.graph.nodes} >= {"conv1", "relu1", "pool1", "flatten", "classes", "loss"}
