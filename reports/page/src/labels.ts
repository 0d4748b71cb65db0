// SPDX-License-Identifier: Apache-2.0
// Labels of points that overlap neither each other nor a point: the first free place around the
// point, nearest first; a label without a free place is left out (its point still has its tip).

export interface Label { x: number; y: number; text: string; bold?: boolean; soft?: boolean }
interface Box { x0: number; y0: number; x1: number; y1: number }

const SVG = "http://www.w3.org/2000/svg";
export const FONT = 11;

const canvas = document.createElement("canvas").getContext("2d");
let family: string | undefined;  // asked once: the answer costs a pass over the page's styles
const widths = new Map<string, number>();
export function textWidth(text: string, size = FONT, bold = false): number {
  if (!canvas) return text.length * size * 0.6;
  family ??= getComputedStyle(document.body).fontFamily;
  const font = `${bold ? "600 " : ""}${size}px ${family}`, key = `${font}|${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    canvas.font = font;
    widths.set(key, width = canvas.measureText(text).width);
  }
  return width;
}
/** The text, cut where it is longer than `most` px. */
export function cut(text: string, most: number, size = FONT): string {
  if (textWidth(text, size) <= most) return text;
  let length = text.length;
  while (length > 1 && textWidth(`${text.slice(0, length)}…`, size) > most) --length;
  return `${text.slice(0, length)}…`;
}

const overlap = (a: Box, b: Box): boolean =>
  a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;

export function element(name: string, attributes: Record<string, string | number>,
                        text = ""): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, `${value}`);
  if (text) made.textContent = text;
  return made;
}

/** Where the leader of a label in a box starts and ends; nothing where the point is near. */
function leader(label: Label, box: Box): [number, number][] {
  const x = Math.min(Math.max(label.x, box.x0), box.x1), y = Math.min(Math.max(label.y, box.y0), box.y1);
  if (Math.hypot(x - label.x, y - label.y) <= 12) return [];
  return Array.from({ length: 13 }, (_, i) =>
    [label.x + ((x - label.x) * i) / 12, label.y + ((y - label.y) * i) / 12]);
}
const within = (box: Box, points: [number, number][]): boolean =>
  points.some(([x, y]) => x > box.x0 && x < box.x1 && y > box.y0 && y < box.y1);

/** The places around a point, nearest first. */
function* places(label: Label, width: number, height: number): Generator<Box> {
  for (const far of [9, 16, 26, 40, 56, 74])
    for (const angle of [0, 180, -45, 45, -135, 135, -90, 90, -20, 20, -160, 160]) {
      const radians = (angle * Math.PI) / 180, lean = Math.cos(radians);
      const ax = label.x + far * lean, ay = label.y + far * Math.sin(radians);
      const x0 = lean > 0.3 ? ax : lean < -0.3 ? ax - width : ax - width / 2;
      yield { x0, y0: ay - height / 2, x1: x0 + width, y1: ay + height / 2 };
    }
}

/** Puts the labels into the drawing, within `frame`; the first are placed first. */
export function place(svg: SVGElement, labels: Label[], points: { x: number; y: number }[],
                      frame: Box): void {
  const group = element("g", { class: "labels", "aria-hidden": "true" });
  const dots = points.map((p) => ({ x0: p.x - 6, y0: p.y - 6, x1: p.x + 6, y1: p.y + 6 }));
  const taken: Box[] = [], lines: [number, number][] = [];
  for (const label of labels) {
    const width = textWidth(label.text, FONT, label.bold) + 4, height = FONT + 4;
    for (const box of places(label, width, height)) {
      if (box.x0 < frame.x0 || box.x1 > frame.x1 || box.y0 < frame.y0 || box.y1 > frame.y1) continue;
      if (taken.some((t) => overlap(box, t)) || dots.some((d) => overlap(box, d))) continue;
      const line = leader(label, box);
      if (within(box, lines) || taken.some((t) => within(t, line))) continue;
      taken.push(box);
      lines.push(...line);
      if (line.length)
        group.append(element("line", { x1: label.x, y1: label.y, x2: line[12][0], y2: line[12][1],
          stroke: "var(--soft)", "stroke-width": 0.7 }));
      group.append(element("text", { x: box.x0 + 2, y: box.y1 - 4, "text-anchor": "start",
        "font-size": FONT, "font-weight": label.bold ? 600 : 400,
        fill: label.soft ? "var(--soft)" : "var(--ink)" }, label.text));
      break;
    }
  }
  svg.append(group);
}

/** Moves labels of a column apart, so that none is nearer than `gap` to the next; keeps order. */
export function spread(ys: number[], gap: number, low: number, high: number): number[] {
  const order = ys.map((_, i) => i).sort((a, b) => ys[a] - ys[b]), placed = [...ys];
  let last = low - gap;
  for (const i of order) last = placed[i] = Math.max(placed[i], last + gap);
  let next = high + gap;
  for (const i of order.reverse()) next = placed[i] = Math.min(placed[i], next - gap);
  return placed;
}
