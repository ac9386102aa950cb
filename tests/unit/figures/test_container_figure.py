"""The figure of an image's layers with containers on it, and the diagram that is drawn from recorded commands."""

from __future__ import annotations

import re

from labsupport.figures.containers import Box, containers
from labsupport.figures.style import LIGHT, svg
from labsupport.lessons.layer_diagrams import image_layers_of, layers_of, own_layers
from labsupport.transcript import Transcript

HISTORY = """\
IMAGE          CREATED       CREATED BY                           SIZE      COMMENT
0d15427ee4e7   3 weeks ago   CMD ["lua"]                          0B        
<missing>      3 weeks ago   COPY packages/ /                     205kB     kept
<missing>      3 weeks ago   LABEL course.image=lua               0B        
<missing>      3 weeks ago   CMD ["sh"]                           0B        
<missing>      3 weeks ago   COPY packages/ userland/ rootfs/ /   1.99MB    
<missing>      3 weeks ago   LABEL course.image=busybox           0B        
"""  # noqa: W291 - as docker prints it
LISTED = "NAMES     SIZE\nben       0B (virtual 5.92MB)\nanna      1.98MB (virtual 7.9MB)\n"


def test_layers_are_rows_with_bytes_lowest_first_under_their_images_name() -> None:
    assert list(layers_of(HISTORY)) == [
        Box("busybox: COPY packages/ userland/ rootfs/ /", "1.99MB"),
        Box("lua: COPY packages/ /", "205kB"),
    ]


def test_own_layers_are_without_those_of_the_image() -> None:
    assert list(own_layers(LISTED)) == [Box("container anna", "1.98MB"), Box("container ben", "0B")]


def test_the_diagram_is_drawn_from_what_was_recorded() -> None:
    history = [Transcript("docker history lua:5.1", HISTORY, 0)]
    listed = [Transcript("docker diff anna", "C /bin\n", 0), Transcript("docker ps -s", LISTED, 0)]
    drawn = svg(image_layers_of(history, listed), LIGHT, "layers and containers").decode()
    assert "<title>layers and containers</title>" in drawn
    more = svg(image_layers_of(history, [Transcript("docker ps -s", LISTED + "cleo 3B\n", 0)]), LIGHT, "x").decode()
    assert len(re.findall("stroke-dasharray", more)) == len(re.findall("stroke-dasharray", drawn)) + 1


def test_the_figure_says_in_words_what_it_shows() -> None:
    picture = containers("lua:5.1", [Box("COPY a", 2_000_000), Box("COPY b", 0)], [Box("anna", 1500), Box("ben", 0)])
    assert "2 read-only layers from the base up: 1. COPY a 2.00 MB; 2. COPY b 0 B" in picture.alt
    assert "2 containers, each with a writable layer of its own: anna 1.50 kB; ben 0 B" in picture.alt
    assert picture.table.rows[-1] == (3, "ben", "writable, the container's", 0)
    assert picture.as_html().count("<img ") == 2
