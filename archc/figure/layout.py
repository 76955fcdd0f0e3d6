"""The position of everything in a figure, in pixels: the solids of each tower, and the space for their captions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from archc.figure.boxes import Box
from archc.figure.captions import Line, caption
from archc.figure.columns import Columned, Place, in_columns
from archc.figure.drawing import Point
from archc.figure.heights import heights
from archc.figure.lettering import bound, height
from archc.figure.rows import Row, in_rows
from archc.figure.solids import Scale, Solid, solid
from archc.figure.towers import Towers
from archc.graph import Graph

ROOM = 960.0
"""The maximum width of a row, unless a single column is wider."""
TRACK = 7.0
"""The distance between lines that lead from one row to the next."""
_PLAIN_GAP, _WIRED_GAP = 32.0, 40.0
_BETWEEN_CAPTIONS = 10.0
_BETWEEN_LANES = 14.0
_BETWEEN_BANDS = 14.0
_HEADER = 16.0
_ABOVE_CAPTIONS = 6.0
_BETWEEN_ROWS = 22.0
_WIRE = 4.0


class Link(NamedTuple):
    """A line from a place in one tower to a place in the next column. `exchange`: it crosses devices."""

    source: Place
    source_tower: int
    target: Place
    target_tower: int
    exchange: bool

    def track(self) -> tuple[Place, int, bool]:
        """The key of the track that it shares with other lines from the same place."""
        return self.source, self.source_tower, self.exchange


class Band(NamedTuple):
    """The towers of a row, from `top` to `bottom`, each `pitch` below the previous one.

    `least` is the smallest y of the row's places.
    """

    row: Row
    top: float
    pitch: float
    least: float
    bottom: float
    captions: float
    """The top of the strip of captions under the row, if the layout has one."""


@dataclass(frozen=True)
class Layout:
    """The position of every place. `is_plain`: every column is a single box, as in the paper's figure."""

    graph: Graph
    boxes: Mapping[str, Box]
    towers: Towers
    columned: Columned
    solids: Mapping[str, Solid]
    captions: Mapping[str, tuple[Line, ...]]

    @cached_property
    def is_plain(self) -> bool:
        return all(len(column) == 1 for column in self.columned.columns)

    @property
    def gap(self) -> float:
        return _PLAIN_GAP if self.is_plain else _WIRED_GAP

    def is_single(self, place: Place) -> bool:
        """Whether a place is drawn once for all towers, as the input is."""
        return place.name in self.graph.inputs and place.column == 0

    def caption_width(self, name: str) -> float:
        return max(bound(*line) for line in self.captions[name])

    def caption_height(self, name: str) -> float:
        return sum(height(line.style) for line in self.captions[name])

    @cached_property
    def widths(self) -> list[float]:
        """The width of each column."""
        return [max(map(self._width, column)) for column in self.columned.columns]

    def _width(self, place: Place) -> float:
        if self.columned.is_wire(place):
            return 2 * _WIRE
        body = self.solids[place.name].left + self.solids[place.name].right
        words = self.caption_width(place.name)
        # Captions in a strip may extend into the gaps beside their columns.
        return max(body, words + _BETWEEN_CAPTIONS - self.gap if self.is_plain else words)

    @cached_property
    def extents(self) -> dict[Place, tuple[float, float]]:
        """The space that each place takes above and below its line."""
        return {place: self._extent(place) for column in self.columned.columns for place in column}

    def _extent(self, place: Place) -> tuple[float, float]:
        if self.columned.is_wire(place):
            return _WIRE, _WIRE
        shape = self.solids[place.name]
        under = 0.0 if self.is_plain else _ABOVE_CAPTIONS + self.caption_height(place.name)
        return shape.above, shape.below + under

    @cached_property
    def _lines(self) -> dict[Place, float]:
        return heights(self.columned, self.extents, gap=_BETWEEN_LANES)

    @cached_property
    def links(self) -> list[list[Link]]:
        """The lines that lead to each column."""
        return [[link for place in column for link in self._links_to(place)] for column in self.columned.columns]

    def _links_to(self, place: Place) -> Iterator[Link]:
        for source in self.columned.sources[place]:
            kind = None
            if not self.columned.is_wire(place):
                kind = self.towers.crosses(self.boxes[source.name], self.boxes[place.name])
            for tower in range(self.towers.shown):
                for other in range(1 if self.is_single(source) else self.towers.shown):
                    near = abs(tower - other) <= 1 or kind != "halo"
                    if tower == other or self.is_single(source) or (kind and near):
                        crossing = tower != other and not self.is_single(source)
                        yield Link(source, other, place, tower, crossing)

    @cached_property
    def bands(self) -> list[Band]:
        """The rows from top to bottom. The first begins at y = 0."""
        tracks = [len(set(map(Link.track, links))) for links in (*self.links[1:], [])]
        rows = in_rows(self.widths, tracks, gap=self.gap, room=ROOM)
        if len(rows) > 1:
            # Lines between rows run along both sides, so the columns get less width.
            rows = in_rows(self.widths, tracks, gap=self.gap, room=max(ROOM - 2 * TRACK * max(tracks), ROOM / 2))
        bands: list[Band] = []
        top = 0.0
        for row in rows:
            bands.append(self._band(row, top))
            top = bands[-1].bottom + _BETWEEN_ROWS + TRACK * tracks[row.last]
        return bands

    def _band(self, row: Row, top: float) -> Band:
        places = [place for column in self.columned.columns[row.first : row.last + 1] for place in column]
        within = [place for place in places if self.towers.shown == 1 or not self.is_single(place)] or places
        least = min(self._lines[place] - self.extents[place][0] for place in within)
        most = max(self._lines[place] + self.extents[place][1] for place in within)
        header = _HEADER if self.towers.shown > 1 else 0.0
        pitch = header + most - least + (_BETWEEN_BANDS if self.towers.shown > 1 else 0.0)
        band = Band(row, top + header, pitch, least, 0.0, 0.0)
        # A place that is drawn once is centred on all towers, and may be taller than all of them together.
        over = max((top - (self._line(place, 0, band) - self.extents[place][0]) for place in places), default=0.0)
        band = band._replace(top=band.top + max(over, 0.0))
        last = self.towers.shown - 1
        bottom = max(self._line(place, last, band) + self.extents[place][1] for place in places)
        if not self.is_plain:
            return band._replace(bottom=bottom, captions=bottom)
        strip = bottom + _ABOVE_CAPTIONS
        return band._replace(bottom=strip + max(self.caption_height(p.name) for p in places), captions=strip)

    def _line(self, place: Place, tower: int, band: Band) -> float:
        number = (self.towers.shown - 1) / 2 if self.is_single(place) else tower
        return band.top + number * band.pitch + self._lines[place] - band.least

    @cached_property
    def _band_of(self) -> list[Band]:
        return [band for band in self.bands for _ in range(band.row.first, band.row.last + 1)]

    def band(self, place: Place) -> Band:
        return self._band_of[place.column]

    def line(self, place: Place, tower: int) -> float:
        """The y at which lines meet a place."""
        return self._line(place, tower, self.band(place))

    def left(self, column: int) -> float:
        band = self._band_of[column]
        return band.row.lefts[column - band.row.first]

    def right(self, column: int) -> float:
        return self.left(column) + self.widths[column]

    def origin(self, place: Place, tower: int) -> Point:
        """The top left corner of the front of a solid."""
        shape = self.solids[place.name]
        middle = (self.left(place.column) + self.right(place.column)) / 2
        x = middle + (shape.left - shape.right) / 2
        return Point(x, self.line(place, tower) - shape.line)


def layout(graph: Graph, boxes: tuple[Box, ...], towers: Towers, measure: Scale) -> Layout:
    """The layout of the boxes of a network in its towers."""
    return Layout(
        graph,
        {box.name: box for box in boxes},
        towers,
        in_columns(boxes),
        {box.name: solid(towers.tensor(box), measure, is_closed=box.is_closed) for box in boxes},
        {box.name: caption(box, graph, towers.exchanges) for box in boxes},
    )
