// SPDX-License-Identifier: Apache-2.0
// Labels of points that overlap neither each other nor a point: the first free place around the
// point, nearest first; a label without a free place is left out, and its chart says so.

export interface Label {
  x: number; y: number; text: string; bold?: boolean; soft?: boolean;
  short: string;  // a sign for where the text has no room
}
/** A point of a chart; `wrong`: it is a cross. */
export interface Spot { x: number; y: number; wrong?: boolean }
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
/** The text without its middle, where it is longer than `most` px; `tail` of it stays at the end. */
function cut(text: string, most: number, tail: number, size: number): string {
  if (textWidth(text, size) <= most) return text;
  for (let kept = text.length - 1; kept > 1; --kept) {
    const end = Math.round(kept * tail);
    const short = `${text.slice(0, kept - end)}…${text.slice(text.length - end)}`;
    if (textWidth(short, size) <= most) return short;
  }
  return "…";
}

/** Names that are longer than `most` px without a part of them, so that no two look the same. */
export function shortened(names: string[], most: number, size = FONT): Map<string, string> {
  const found = new Map<string, string>(), taken = new Set<string>();
  for (const name of new Set(names)) {
    const tries = [0.5, 0.35, 0.65, 0.2, 0.8].map((tail) => cut(name, most, tail, size));
    let short = tries.find((text) => !taken.has(text));
    for (let i = 2; short === undefined; ++i) {  // names that differ where no try shows it
      const numbered = `${cut(name, most - textWidth(` ${i}`, size), 0.5, size)} ${i}`;
      if (!taken.has(numbered)) short = numbered;
    }
    taken.add(short);
    found.set(name, short);
  }
  return found;
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
  const [x, y] = nearest(label, box);
  if (Math.hypot(x - label.x, y - label.y) <= 12) return [];
  return Array.from({ length: 13 }, (_, i) =>
    [label.x + ((x - label.x) * i) / 12, label.y + ((y - label.y) * i) / 12]);
}
const nearest = (p: { x: number; y: number }, box: Box): [number, number] =>
  [Math.min(Math.max(p.x, box.x0), box.x1), Math.min(Math.max(p.y, box.y0), box.y1)];
const distance = (p: { x: number; y: number }, box: Box): number => {
  const [x, y] = nearest(p, box);
  return Math.hypot(x - p.x, y - p.y);
};
const within = (box: Box, points: [number, number][]): boolean =>
  points.some(([x, y]) => x > box.x0 && x < box.x1 && y > box.y0 && y < box.y1);

/** The places around a point, nearest first. */
function* places(label: Label, width: number, height: number): Generator<Box> {
  for (const far of [9, 12, 16, 22, 30, 40, 56, 74])
    for (const angle of [0, 180, -45, 45, -135, 135, -90, 90, -20, 20, -160, 160, -70, 70, -110, 110]) {
      const radians = (angle * Math.PI) / 180, lean = Math.cos(radians);
      const ax = label.x + far * lean, ay = label.y + far * Math.sin(radians);
      const x0 = lean > 0.3 ? ax : lean < -0.3 ? ax - width : ax - width / 2 + lean * width;
      yield { x0, y0: ay - height / 2, x1: x0 + width, y1: ay + height / 2 };
    }
}

const CLEAR = 13;  // px from a label with a leader to the points of others

/** What a label's place depends on. */
class Room {
  readonly taken: Box[] = [];
  readonly lines: [number, number][] = [];
  private readonly dots: Box[];

  constructor(private readonly points: Spot[], private readonly frame: Box,
              private readonly walls: Box[]) {
    this.dots = points.map((p) => ({ x0: p.x - 6, y0: p.y - 6, x1: p.x + 6, y1: p.y + 6 }));
  }

  fits(label: Label, box: Box): boolean {
    const { frame, taken, points } = this;
    if (box.x0 < frame.x0 || box.x1 > frame.x1 || box.y0 < frame.y0 || box.y1 > frame.y1) return false;
    if ([taken, this.walls, this.dots].some((boxes) => boxes.some((t) => overlap(box, t)))) return false;
    const own = distance(label, box);
    const isOther = (p: { x: number; y: number }) => Math.hypot(p.x - label.x, p.y - label.y) > 1;
    // beside the cross of a wrong kernel the name of another would be taken for its own
    const gap = (p: Spot) => (p.wrong && !label.soft ? 8 : 1);
    const line = leader(label, box), clear = line.length ? CLEAR : Infinity;  // a leader says whose it is
    if (points.some((p) => distance(p, box) <= Math.min(own, clear) + gap(p) && isOther(p))) return false;
    if (line.length && points.some((p) => isOther(p) &&
        line.some(([x, y]) => Math.abs(p.x - x) < 6 && Math.hypot(p.x - x, p.y - y) < 6))) return false;
    return !within(box, this.lines) && !taken.some((t) => within(t, line));
  }
}

/** Puts the labels into the drawing, within `frame`; the first are placed first. A label crosses
    none of `walls`, stands nearer to its point than to any other or has a leader to it, which passes
    by all others. Returns those whose sign stands in their place, and those that have nothing. */
export function place(svg: SVGElement, labels: Label[], points: Spot[],
                      frame: Box, walls: Box[]): { signed: Label[]; left: Label[] } {
  const group = element("g", { class: "labels", "aria-hidden": "true" });
  const room = new Room(points, frame, walls);
  const put = (label: Label, text: string): boolean => {
    const width = textWidth(text, FONT, label.bold) + 4, height = FONT + 4;
    for (const box of places(label, width, height)) {
      if (!room.fits(label, box)) continue;
      const line = leader(label, box);
      room.taken.push(box);
      room.lines.push(...line);
      if (line.length)
        group.append(element("line", { x1: label.x, y1: label.y, x2: line[12][0], y2: line[12][1],
          stroke: "var(--soft)", "stroke-width": 0.7 }));
      group.append(element("text", { x: box.x0 + 2, y: box.y1 - 4, "text-anchor": "start",
        "font-size": FONT, "font-weight": label.bold ? 600 : 400, "paint-order": "stroke",
        stroke: "var(--paper)", "stroke-width": 3, fill: label.soft ? "var(--soft)" : "var(--ink)" }, text));
      return true;
    }
    return false;
  };
  const rest = labels.filter((label) => !put(label, label.text));
  const signed = rest.filter((label) => put(label, label.short));
  svg.append(group);
  return { signed, left: rest.filter((label) => !signed.includes(label)) };
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
