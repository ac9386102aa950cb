"""The map of networks and the way of a request: what is told of them in words, and that they can be drawn."""

from __future__ import annotations

from typing import Any

import pytest

from labsupport.figures.networks import Way, hung, networks, ways
from labsupport.figures.style import DARK, LIGHT, Theme, png


def inspected(name: str, networks: dict[str, str], *, mode: str = "bridge", ports: Any = None) -> dict[str, Any]:
    ends = {network: {"IPAddress": address} for network, address in networks.items()}
    return {
        "Id": f"id-of-{name}", "Name": f"/{name}", "HostConfig": {"NetworkMode": mode},
        "NetworkSettings": {"Networks": ends, "Ports": ports or {}},
    }  # fmt: skip


SHOP = inspected(
    "shop",
    {"bridge": "172.17.0.2", "market": "172.18.0.2"},
    ports={"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8090"}, {"HostIp": "::", "HostPort": "8090"}], "81/tcp": None},
)
LODGER = inspected("lodger", {}, mode="container:id-of-shop")
HERMIT = inspected("hermit", {"none": ""}, mode="none")


def test_a_port_published_twice_is_told_once_and_one_without_a_host_port_not_at_all() -> None:
    assert hung(SHOP).published == ("8090 -> 80",)


def test_the_words_say_who_is_where() -> None:
    picture = networks([SHOP, LODGER, HERMIT], "Map")
    assert picture.alt == (
        "Map. shop is in bridge (172.17.0.2), market (172.18.0.2), published: 8090 -> 80. "
        "lodger shares the network of shop. hermit is in none."
    )
    assert ("shop", "market", "172.18.0.2", "8090 -> 80") in picture.table.rows
    assert ("lodger", "that of shop", "", "") in picture.table.rows


def test_a_container_that_is_not_drawn_is_named_by_its_id() -> None:
    assert "lodger shares the network of id-of-shop" in networks([LODGER]).alt


def test_the_way_is_told_up_to_the_station_that_is_not_reached() -> None:
    stations = (("here", "somebody\nat 8090"), ("there", "127.0.0.1"))
    alt = ways([Way("open", stations, 2), Way("shy", stations, 1), Way("plain", stations, 0)], "Ways").alt
    assert "open: a request comes through to the program." in alt
    assert "shy: a request is stopped at the station 'there' (127.0.0.1)." in alt
    assert "plain: a request is stopped at the station 'here' (somebody at 8090)." in alt


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_both_can_be_drawn_even_empty(theme: Theme) -> None:
    stations = (("here", "somebody"), ("there", "nobody"))
    for picture in (
        networks([SHOP, LODGER, HERMIT]), networks([]), ways([Way("shy", stations, 1)]), ways([]),
    ):  # fmt: skip
        assert png(picture.draw, theme).startswith(b"\x89PNG")
