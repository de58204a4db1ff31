"""Weights that blocks share, as they are asked for: who can, under which tag, and what is said of it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from netbuilder.compiler.lower import lower
from netbuilder.graph.edits import SetParameter
from netbuilder.graph.model import Node
from netbuilder.graph.project import Project, group_of
from netbuilder.ui import clip, group_intents, sharing
from netbuilder.ui.main_window import MainWindow
from tests.drawing import Drawing, id_of
from tests.ui.asking import do, refused
from tests.ui.test_group_intents import G1, group, ids_of


def towers() -> Project:
    """Draw three equal layers and one of another type, side by side."""
    drawing = Drawing()
    x = drawing.put("Input", "x", shape=[4])
    layers = [drawing.put("Linear", name, x, out_features=3) for name in ("tower_a", "tower_b", "other")]
    layers.append(drawing.put("LayerNorm", "norm", x))
    for layer in layers:
        drawing.put("Output", f"y{len(drawing.project.graph)}", drawing.put("ReLU", f"relu_{layer}", layer))
    return drawing.project


def share(project: Project, *names: str) -> None:
    do(project, sharing.share(project, ids_of(project, *names)))


def tag(project: Project, name: str) -> object:
    return project.graph.node(id_of(project, name)).params.get("weights")


def said(project: Project, *names: str) -> str:
    nodes = [project.graph.node(node) for node in ids_of(project, *names)]
    return sharing.in_words(project.graph, nodes, lambda node: node.name)


def test_equal_blocks_get_one_tag_made_of_their_names() -> None:
    project = towers()
    share(project, "tower_a", "tower_b")
    assert (tag(project, "tower_a"), tag(project, "tower_b"), tag(project, "other")) == ("tower", "tower", None)
    lowering = lower(project)
    assert lowering.program is not None
    assert lowering.total().parameters == 15 + 15 + 8


def test_a_tag_is_none_that_others_have() -> None:
    project = towers()
    SetParameter(id_of(project, "norm"), "weights", "tower").apply(project)
    share(project, "tower_a", "tower_b")
    assert tag(project, "tower_b") == "tower_2"


def test_names_that_have_little_in_common_give_the_tag_of_the_first() -> None:
    project = towers()
    share(project, "other", "tower_a")
    assert tag(project, "tower_a") == "other"


def test_a_third_block_joins_those_that_share_already() -> None:
    project = towers()
    share(project, "tower_a", "tower_b")
    share(project, "other", "tower_b")
    assert tag(project, "other") == "tower"
    assert said(project, "other") == "Shares its weights with tower_a and tower_b; counted at tower_a."


def test_who_shares_and_where_it_is_counted_is_said() -> None:
    project = towers()
    assert said(project, "tower_a") == ""
    share(project, "tower_a", "tower_b")
    assert said(project, "tower_a") == "Shares its weights with tower_b; counted here."
    assert said(project, "tower_b") == "Shares its weights with tower_a; counted there."
    assert said(project, "tower_a", "tower_b") == "They share their weights; counted at tower_a."
    do(project, sharing.part(project, ids_of(project, "tower_a")))
    assert said(project, "tower_b") == "No other block has these weights yet."


def test_many_others_are_not_all_named() -> None:
    drawing = Drawing()
    x = drawing.put("Input", "x", shape=[4])
    for number in range(10):
        drawing.put("Linear", f"fc{number}", x, out_features=3, weights="fc")
    assert said(drawing.project, "fc0") == (
        "Shares its weights with fc1, fc2, fc3, fc4, fc5, fc6 and 3 more; counted here."
    )


def test_the_weights_are_counted_at_the_block_that_runs_first() -> None:
    drawing = Drawing()
    later = drawing.put("Linear", "later", out_features=4, weights="w")
    x = drawing.put("Input", "x", shape=[4])
    sooner = drawing.put("Linear", "sooner", x, out_features=4, weights="w")
    drawing.wire(sooner, later, "x")
    drawing.put("Output", "y", later)
    assert said(drawing.project, "later") == "Shares its weights with sooner; counted there."
    assert lower(drawing.project).costs[later].parameters == 0


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), "Select two or more"),
        (("tower_a",), "Select two or more"),
        (("tower_a", "norm"), "“tower_a” and “norm” are not of one type"),
        (("tower_a", "x"), "“x” has no weights"),
    ],
)
def test_what_can_not_share_says_why(names: tuple[str, ...], words: str) -> None:
    project = towers()
    assert words in refused(sharing.share(project, ids_of(project, *names)), "weights")


def test_what_is_done_already_is_refused() -> None:
    project = towers()
    assert "Select a block that shares" in refused(sharing.part(project, ids_of(project, "tower_a")), "weights")
    share(project, "tower_a", "tower_b")
    assert "already" in refused(sharing.share(project, ids_of(project, "tower_a", "tower_b")), "weights")


def test_an_unembedding_is_offered_the_table_of_an_embedding() -> None:
    drawing = Drawing()
    ids = drawing.put("Input", "ids", shape=[6], dtype="int64")
    tokens = drawing.put("TiedEmbedding", "tokens", ids, num_embeddings=5, embedding_dim=4)
    drawing.put("Output", "logits", drawing.put("Unembedding", "head", tokens, num_embeddings=5))
    project = drawing.project
    share(project, "tokens", "head")
    assert lower(project).total().parameters == 20
    head = project.graph.node(id_of(project, "head"))
    assert sharing.tags_for(project.graph, [head]) == ("tokens",)


def test_copies_share_the_weights_of_what_they_are_copies_of() -> None:
    project = towers()
    share(project, "tower_a", "tower_b")
    copied = clip.clip(project, ids_of(project, "tower_a"))
    assert copied is not None
    do(project, clip.paste(project, project.new_ids(), copied, (0.0, 400.0)))
    assert said(project, "tower_a") == "Shares its weights with tower_b and tower_a_2; counted here."


# And groups


def twins() -> Drawing:
    """Draw two instances, with one tag, of a group in which two layers share their weights."""
    drawing = Drawing()
    with drawing.group("Twice") as twice:
        x = drawing.put("Input", "x")
        for name in ("once", "again"):
            x = drawing.put("Linear", name, x, out_features=4, weights="w")
        drawing.put("Output", "y", x)
    for name in ("left", "right"):
        x = drawing.put("Input", f"{name}_in", shape=[4])
        drawing.put("Output", f"{name}_out", drawing.put_group(twice, name, x, weights="w"))
    return drawing


def linears(project: Project) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for node in project.graph.nodes():
        if node.type == "Linear":
            found.setdefault(str(node.params["weights"]), []).append(node)
    return found


def test_instances_share_and_part() -> None:
    project = twins().project
    assert lower(project).total().parameters == 20
    do(project, sharing.part(project, ids_of(project, "left", "right")))
    assert lower(project).total().parameters == 40
    share(project, "left", "right")
    assert tag(project, "right") == "left"


def test_blocks_that_share_with_one_outside_are_not_grouped_away_from_it() -> None:
    project = towers()
    share(project, "tower_a", "tower_b")
    chosen = ids_of(project, "tower_a", f"relu_{id_of(project, 'tower_a')}")
    said = refused(group_intents.make_group(project, None, project.new_ids(), chosen), "group")
    assert "“tower_a” shares its weights with “tower_b”" in said
    new = group(project, "tower_a", "tower_b")
    assert {node.params["weights"] for node in linears(project.inside(new))["tower"]} == {"tower"}
    assert lower(project).total().parameters == 15 + 15 + 8


def test_a_group_that_shares_is_not_taken_apart_in_silence() -> None:
    project = twins().project
    left = id_of(project, "left")
    assert "“left” shares its weights with “right”" in refused(
        group_intents.ungroup(project, None, project.new_ids(), left), "group"
    )


def test_what_shares_inside_shares_outside_with_no_other() -> None:
    project = twins().project
    do(project, sharing.part(project, ids_of(project, "left", "right")))
    for name in ("left", "right"):
        do(project, group_intents.ungroup(project, None, project.new_ids(), id_of(project, name)))
    assert {tag: len(nodes) for tag, nodes in linears(project).items()} == {"w": 2, "w_2": 2}
    assert lower(project).total().parameters == 40


def test_an_independent_group_has_weights_of_its_own() -> None:
    project = twins().project
    right = id_of(project, "right")
    do(project, group_intents.make_independent(project, None, project.new_ids(), right))
    assert group_of(project.graph.node(right).type) != G1
    assert lower(project).program is not None
    assert lower(project).total().parameters == 40


# In the window


def test_the_actions_run_where_they_make_sense_and_say_why_not_elsewhere(editor: MainWindow, qtbot: QtBot) -> None:
    actions, canvas, project = editor.actions_by_id, editor.canvas, editor.document.project
    canvas.select(ids_of(project, "conv1"))
    assert "two or more" in actions["share_weights"].toolTip()
    assert not actions["share_weights"].isEnabled()
    qtbot.keyClick(canvas, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    canvas.select(ids_of(project, "conv1", "conv1_2"))
    assert actions["share_weights"].isEnabled()
    assert not actions["own_weights"].isEnabled()
    qtbot.keyClick(canvas, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert tag(project, "conv1_2") == "conv"
    assert not actions["share_weights"].isEnabled()
    actions["own_weights"].trigger()
    assert tag(project, "conv1_2") is None


def test_a_block_with_the_same_weights_is_gone_to_by_its_name(editor: MainWindow, qtbot: QtBot) -> None:
    canvas, project = editor.canvas, editor.document.project
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=canvas.viewport().rect().topRight())
    canvas.select(ids_of(project, "conv1"))
    canvas.duplicate()
    canvas.select(ids_of(project, "conv1", "conv1_2"))
    canvas.share_weights()
    canvas.select(ids_of(project, "conv1"))
    label = editor.inspector.block_page.sharing_label
    label.setFocus()
    QTest.keyClick(label, Qt.Key.Key_Tab)
    QTest.keyClick(label, Qt.Key.Key_Return)
    assert canvas.selected() == ids_of(project, "conv1_2")
