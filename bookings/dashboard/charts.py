"""Draws bar charts as SVG on the server. The page's CSS gives the colours."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# In SVG units: the tallest bar, the space below it for labels, the space above it for its value.
HEIGHT, FOOT, HEAD = 120, 22, 18


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: the label below it, its height, and its value in words."""

    label: str
    value: float
    words: str
    kind: str = ""
    note: str = ""


def bar_chart(bars: Sequence[Bar], *, title: str, step: int = 48) -> SafeString:
    """Draw the bars as an SVG; each bar and its gap are `step` SVG units wide.

    Every bar has a tooltip with its value. The tallest bar also shows its value as text.
    """
    most = max((bar.value for bar in bars), default=0) or 1
    tallest = max(range(len(bars)), key=lambda n: bars[n].value, default=0)
    parts = format_html_join(
        "",
        '<g><title>{}: {}</title><rect class="chart__room" x="{}" y="0" width="{}" height="{}"/>'
        '<rect class="chart__bar {}" x="{}" y="{}" width="{}" height="{}" rx="3"/>'
        '<text class="chart__label" x="{}" y="{}">{}</text></g>',
        (
            (
                f"{bar.label} {bar.note}".strip(),
                bar.words,
                n * step,
                step,
                HEAD + HEIGHT,
                bar.kind,
                n * step + step * 0.15,
                round(HEAD + HEIGHT * (1 - bar.value / most), 1),
                step * 0.7,
                round(HEIGHT * bar.value / most, 1),
                n * step + step / 2,
                HEAD + HEIGHT + 16,
                bar.label,
            )
            for n, bar in enumerate(bars)
        ),
    )
    top = ""
    if bars and bars[tallest].value:
        x = min(max(tallest * step + step / 2, 40), len(bars) * step - 40)
        top = format_html(
            '<text class="chart__top" x="{}" y="12">{}</text>', x, bars[tallest].words
        )
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>',
        max(len(bars), 1) * step,
        HEAD + HEIGHT + FOOT,
        f"{title}: " + ", ".join(f"{bar.label} {bar.words}" for bar in bars),
        parts,
        top,
    )
