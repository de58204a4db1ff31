"""What the search offers: what fits, and of groups those that the sheet can hold."""

from __future__ import annotations

from collections.abc import Iterable

from netbuilder.blocks.spec import BATCH, TensorSpec
from netbuilder.graph.edits import DescribeGroup
from netbuilder.graph.project import GroupId, Project
from netbuilder.ui import group_library, intents, offers
from netbuilder.ui.offers import Offer
from tests.drawing import Drawing, digits_cnn
from tests.ui.asking import IMAGE, LABELS, ROW, do, out, wires
from tests.ui.test_group_intents import G1, stack


def titles(offered: Iterable[Offer]) -> list[str]:
    return [offer.entry.title for offer in offered]


def test_only_what_takes_a_wire_is_offered_for_it() -> None:
    everything = offers.offers(Project(), None)
    fitting = set(titles(offers.fed_by(everything, ROW)))
    assert {"Linear", "ReLU", "CrossEntropy", "Concat"} <= fitting
    assert not fitting & {"Conv2d", "Input", "Embedding", "LSTM"}
    assert {"Linear", "Conv2d", "Inception"} <= set(titles(offers.fed_by(everything, None)))


def test_every_block_that_is_offered_for_a_wire_can_be_put_there() -> None:
    for spec in (IMAGE, ROW, LABELS, TensorSpec((BATCH, 5, 3))):
        for offer in offers.fed_by(offers.offers(Project(), None), spec):
            drawing = Drawing()
            image = drawing.put("Input", "image")
            project, specs, ids = drawing.project, {out(image): spec}, drawing.project.new_ids()
            supply = group_library.supply(project, None, ids, str(offer.entry.value))
            assert isinstance(supply, group_library.Supply)
            intent = intents.add_fed_block(supply.sheet, ids, supply.type_id, (300.0, 0.0), out(image), specs)
            do(project, supply.edit(intent))
            assert len(wires(project)) == 1


def test_what_has_an_output_is_offered_to_feed_an_input() -> None:
    offered = titles(offers.feeding(offers.offers(Project(), None)))
    assert "Output" not in offered
    assert "UNetUp" in offered
    assert offered.index("Conv2d") < offered.index("CrossEntropy")


def test_a_group_is_not_offered_inside_of_itself_nor_of_what_it_holds() -> None:
    drawing = stack()
    with drawing.group("outer") as outer:
        drawing.put_group(G1, "box", drawing.put("Input", "x"))
    with drawing.group("beside"):
        drawing.put("Input", "x")
    own = {"stage", "outer", "beside"}
    assert own < set(titles(offers.offers(drawing.project, None)))
    assert own & set(titles(offers.offers(drawing.project, G1))) == {"beside"}
    assert own & set(titles(offers.offers(drawing.project, outer))) == {"stage", "beside"}


def test_groups_in_files_are_offered_beside_those_of_the_project_and_told_apart() -> None:
    group_library.keep(stack().project, G1)
    offered = {offer.entry.title: offer.entry for offer in offers.offers(digits_cnn().project, None)}
    assert offered["stage"].value == "kept:stage"
    assert offered["stage"].hint == "My library"
    assert offered["Inception"].hint == "Ready-made groups"
    assert offered["Inception"].subtitle.startswith("Look at an image through windows of several sizes")
    drawing = stack()
    DescribeGroup(G1, "Halve.").apply(drawing.project)
    hints = [offer.entry.hint for offer in offers.offers(drawing.project, None) if offer.entry.title == "stage"]
    assert hints == ["Groups of this project", "My library"]
    assert "Halve." in {offer.entry.subtitle for offer in offers.offers(drawing.project, None)}


def test_a_damaged_file_is_shown_with_what_is_wrong_and_can_not_be_chosen() -> None:
    group_library.folder().mkdir(parents=True)
    (group_library.folder() / "bad.netb").write_text("{", encoding="utf-8")
    (bad,) = (offer for offer in offers.offers(Project(), None) if offer.entry.title == "bad")
    assert not bad.entry.enabled
    assert "bad.netb" in bad.entry.subtitle
    assert bad not in offers.fed_by([bad], None)


def test_a_file_that_was_written_anew_is_read_anew() -> None:
    drawing = Drawing()
    with drawing.group("stage") as stage:
        drawing.put("Input", "x")
    path, _ = group_library.keep(drawing.project, stage)
    assert not group_library.definition(path)[0].groups[GroupId("g1")].graph.named("linear")
    group_library.keep(stack().project, G1)
    assert group_library.definition(path)[0].groups[GroupId("g1")].graph.named("linear")
