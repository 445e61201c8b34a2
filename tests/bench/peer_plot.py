# SPDX-License-Identifier: MIT
"""Growth curves of peers.py as an SVG: processor time and memory over the number of points, both axes logarithmic."""
import math

WIDTH, HEIGHT, LEFT, TOP = 330, 260, 60, 40
COLOURS = {"modbridge": "#0b62a4", "collectd": "#b35900", "node-red": "#7a1f5c"}
PANELS = [("cpu_s_per_10000_points", "CPU seconds per 10,000 points"), ("resident_mb", "resident memory, MB")]


def decades(values):
    return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))


def panel(rows, key, title, left):
    (first_x, last_x), (first_y, last_y) = decades([row["points"] for row in rows]), decades([row[key] for row in rows])

    def place(row):
        return (left + WIDTH * (math.log10(row["points"]) - first_x) / (last_x - first_x),
                TOP + HEIGHT * (last_y - math.log10(row[key])) / (last_y - first_y))

    parts = [f'<text x="{left}" y="{TOP - 14}" font-weight="bold">{title}</text>']
    for decade in range(first_x, last_x + 1):
        x = left + WIDTH * (decade - first_x) / (last_x - first_x)
        parts.append(f'<path class="grid" d="M{x:.0f} {TOP}v{HEIGHT}"/><text x="{x:.0f}" y="{TOP + HEIGHT + 16}" '
                     f'text-anchor="middle">{10 ** decade:,}</text>')
    for decade in range(first_y, last_y + 1):
        y = TOP + HEIGHT * (last_y - decade) / (last_y - first_y)
        parts.append(f'<path class="grid" d="M{left} {y:.0f}h{WIDTH}"/><text x="{left - 6}" y="{y + 4:.0f}" '
                     f'text-anchor="end">{10.0 ** decade:g}</text>')
    for name, colour in COLOURS.items():
        places = [place(row) for row in sorted(rows, key=lambda row: row["points"]) if row["program"] == name]
        if not places:
            continue
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="'
                     + " ".join(f"{x:.1f},{y:.1f}" for x, y in places) + '"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        parts.append(f'<text x="{places[-1][0] - 8:.0f}" y="{places[-1][1] - 8:.0f}" fill="{colour}" text-anchor="end">{name}</text>')
    parts.append(f'<text x="{left + WIDTH / 2:.0f}" y="{TOP + HEIGHT + 34}" text-anchor="middle">points read each second</text>')
    return parts


def draw(rows):
    step = LEFT + WIDTH + 30
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {step * len(PANELS)} {TOP + HEIGHT + 50}" '
             'font-family="sans-serif" font-size="12">', "<style>.grid{stroke:#ddd}</style>",
             '<rect width="100%" height="100%" fill="white"/>']
    for index, (key, title) in enumerate(PANELS):
        parts += panel(rows, key, title, LEFT + step * index)
    return "\n".join(parts) + "\n</svg>\n"
