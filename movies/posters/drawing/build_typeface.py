"""Extracts the letters of the font Bricolage Grotesque into ``typeface.json``.

Posters are shown with ``<img>``, where an SVG can't load a web font, so their titles are drawn as
outlines. This script extracts the outlines once, so that the running site parses no font files:

    npm pack @fontsource-variable/bricolage-grotesque
    tar xzf fontsource-variable-bricolage-grotesque-*.tgz
    python -m movies.posters.drawing.build_typeface package

Needs ``fonttools`` and ``brotli`` (requirements-dev.txt). The font's licence, OFL 1.1, is copied to
``OFL.txt`` beside the data.
"""

import argparse
import json
import shutil
from collections.abc import Mapping
from math import ceil, floor
from pathlib import Path
from typing import Any

from fontTools.pens.basePen import BasePen  # type: ignore[import-untyped]
from fontTools.pens.boundsPen import BoundsPen  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from fontTools.varLib.instancer import instantiateVariableFont  # type: ignore[import-untyped]

HERE = Path(__file__).parent

FACES = {
    "wide": {"opsz": 96, "wght": 800, "wdth": 100},
    "narrow": {"opsz": 96, "wght": 800, "wdth": 75},
    "quiet": {"opsz": 14, "wght": 600, "wdth": 100},
}
SUBSETS = ("latin", "latin-ext")
KERNED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:;-–'’&!?/"
SMALLEST_KERN = 6  # font units; smaller values are left out because they are not visible


class RelativePathPen(BasePen):
    """Writes an outline as SVG path data: relative coordinates in whole units, y points down."""

    def __init__(self, glyph_set: Any) -> None:
        super().__init__(glyph_set)
        self.parts: list[str] = []
        self.at = (0, 0)
        self.start = (0, 0)

    def _step(self, *points: tuple[float, float]) -> str:
        numbers: list[int] = []
        for x, y in points:
            numbers += [round(x) - self.at[0], -round(y) - self.at[1]]
        self.at = (round(points[-1][0]), -round(points[-1][1]))
        text = ""
        for number in numbers:
            text += f"{number}" if number < 0 or not text else f" {number}"
        return text

    def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self.parts.append("m" + self._step(pt))
        self.start = self.at

    def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        before = self.at
        step = self._step(pt)
        if self.at[0] == before[0]:
            self.parts.append(f"v{self.at[1] - before[1]}")
        elif self.at[1] == before[1]:
            self.parts.append(f"h{self.at[0] - before[0]}")
        else:
            self.parts.append("l" + step)

    def _qCurveToOne(self, pt1: tuple[float, float], pt2: tuple[float, float]) -> None:  # noqa: N802
        self.parts.append("q" + self._step(pt1, pt2))

    def _closePath(self) -> None:  # noqa: N802
        self.parts.append("z")
        self.at = self.start


def extract_face(package: Path, location: Mapping[str, float]) -> dict[str, Any]:
    glyphs: dict[str, Any] = {}
    characters: dict[str, str] = {}
    kerning: dict[str, dict[str, int]] = {}
    for subset in SUBSETS:
        path = package / "files" / f"bricolage-grotesque-{subset}-standard-normal.woff2"
        font = instantiateVariableFont(TTFont(path), location)
        for code, name in font.getBestCmap().items():
            if 0x300 <= code <= 0x36F or chr(code) in characters:
                continue  # accented letters are single characters, so no combining marks are needed
            characters[chr(code)] = f"{subset}/{name}"
            _extract_glyph(font, subset, name, glyphs)
        if subset == "latin":
            kerning = _kerning(font)
    return {"glyphs": glyphs, "characters": characters, "kerning": kerning}


def _extract_glyph(font: TTFont, subset: str, name: str, glyphs: dict[str, Any]) -> None:
    """Add a glyph to ``glyphs`` as [advance, [left, top, right, bottom], outline].

    The outline is an SVG path. If the glyph is composed of others, it is a list of these parts and
    their offsets: [[name, dx, dy], …]. The parts are added too.
    """
    key = f"{subset}/{name}"
    if key in glyphs:
        return
    advance = font["hmtx"][name][0]
    glyph = font["glyf"][name]
    bounds_pen = BoundsPen(font.getGlyphSet())
    font.getGlyphSet()[name].draw(bounds_pen)
    left, bottom, right, top = bounds_pen.bounds or (0, 0, 0, 0)
    box = [floor(left), floor(-top), ceil(right), ceil(-bottom)]
    if glyph.isComposite() and all(
        hasattr(part, "x")
        and getattr(part, "scale", None) is None
        and not hasattr(part, "transform")
        for part in glyph.components
    ):
        parts = []
        for part in glyph.components:
            _extract_glyph(font, subset, part.glyphName, glyphs)
            parts.append([f"{subset}/{part.glyphName}", part.x, -part.y])
        glyphs[key] = [advance, box, parts]
        return
    pen = RelativePathPen(font.getGlyphSet())
    font.getGlyphSet()[name].draw(pen)
    glyphs[key] = [advance, box, "".join(pen.parts)]


def _kerning(font: TTFont) -> dict[str, dict[str, int]]:
    names = {character: font.getBestCmap()[ord(character)] for character in KERNED}
    pairs: dict[str, dict[str, int]] = {}
    for table in _pair_tables(font):
        for left, left_name in names.items():
            if left_name not in table.Coverage.glyphs:
                continue
            for right, right_name in names.items():
                value = _pair_value(table, left_name, right_name)
                if abs(value) >= SMALLEST_KERN:
                    pairs.setdefault(left, {}).setdefault(right, value)
    return pairs


def _pair_tables(font: TTFont) -> list[Any]:
    gpos = font["GPOS"].table
    indices = {
        index
        for record in gpos.FeatureList.FeatureRecord
        if record.FeatureTag == "kern"
        for index in record.Feature.LookupListIndex
    }
    tables = []
    for index in sorted(indices):
        for table in gpos.LookupList.Lookup[index].SubTable:
            inner = getattr(table, "ExtSubTable", table)
            if inner.LookupType == 2:
                tables.append(inner)
    return tables


def _pair_value(table: Any, left: str, right: str) -> int:
    if table.Format == 1:
        pair_set = table.PairSet[table.Coverage.glyphs.index(left)]
        for record in pair_set.PairValueRecord:
            if record.SecondGlyph == right:
                return getattr(record.Value1, "XAdvance", 0) or 0
        return 0
    row = table.Class1Record[table.ClassDef1.classDefs.get(left, 0)]
    value = row.Class2Record[table.ClassDef2.classDefs.get(right, 0)].Value1
    return (getattr(value, "XAdvance", 0) or 0) if value else 0


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Extract the poster faces from a fontsource package."
    )
    parser.add_argument(
        "package", type=Path, help="the unpacked @fontsource-variable/bricolage-grotesque"
    )
    package = parser.parse_args().package
    data = {face: extract_face(package, location) for face, location in FACES.items()}
    target = HERE / "typeface.json"
    target.write_text(
        json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8"
    )
    shutil.copyfile(package / "LICENSE", HERE / "OFL.txt")
    glyph_count = sum(len(face["glyphs"]) for face in data.values())
    size = target.stat().st_size / 1000
    print(f"{target.name}: {len(data)} faces, {glyph_count} glyphs, {size:.0f} kB")


if __name__ == "__main__":
    main()
