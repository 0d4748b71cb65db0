// SPDX-License-Identifier: Apache-2.0
// A chart on the page: heading, note, drawing, a tip under the pointer or the arrow keys, and the
// buttons that copy it. Charts are drawn when they come into view.

import { FONT, element, textWidth } from "./labels";
import { Selection } from "./state";

export interface Point { x: number; y: number; lines: string[] }
export type Cell = string | number;
export interface Drawn {
  svg: SVGElement;
  points: Point[];  // in the drawing's own units
  rows: Cell[][];   // what CSV has, its head first
  key?: { symbol: SVGElement; words: string }[];
  below?: string;   // what the drawing has no room for
  summary: string;  // for those who do not see the drawing
}
export interface Chart {
  id: string;
  title: string;
  note: string;
  paper?: "half";   // of a sheet's width; else all of it
  draw(selection: Selection, width: number): Drawn | null;
}

/** A cell that no spreadsheet takes for a formula. */
function csvCell(cell: Cell): string {
  const text = typeof cell === "number" ? `${cell}` : /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
export const csv = (rows: Cell[][]): string =>
  rows.map((row) => row.map(csvCell).join(",")).join("\n") + "\n";

/** The key as lines of a drawing `width` wide, from y = -height up to 0. */
function keyLines(key: NonNullable<Drawn["key"]>, width: number): { lines: SVGElement; height: number } {
  const LINE = 18, GAP = 14, lines = element("g", { "text-anchor": "start" });
  let x = 0, y = 0;
  for (const { symbol, words } of key) {
    const wide = Number(symbol.getAttribute("width")), all = wide + 5 + textWidth(words);
    if (x > 0 && x + all > width) [x, y] = [0, y + LINE];
    const copy = symbol.cloneNode(true) as SVGElement;
    copy.setAttribute("x", `${x}`);
    copy.setAttribute("y", `${y + (LINE - Number(symbol.getAttribute("height"))) / 2}`);
    lines.append(copy, element("text", { x: x + wide + 5, y: y + 13, "font-size": FONT, fill: "var(--ink)" }, words));
    x += all + GAP;
  }
  const height = key.length ? y + LINE + 6 : 0;
  lines.setAttribute("transform", `translate(0,${-height})`);
  return { lines, height };
}

/** What stands below, as lines of a drawing `width` wide, from y = `top` on. */
function noteLines(note: string, width: number, top: number): { lines: SVGElement; height: number } {
  const LINE = 16, lines = element("g", { "text-anchor": "start" }), texts: string[] = [];
  for (const word of note.split(" ").filter((part) => part)) {
    const longer = `${texts[texts.length - 1] ?? ""} ${word}`.trim();
    if (texts.length && textWidth(longer) <= width - 8) texts[texts.length - 1] = longer;
    else texts.push(word);
  }
  texts.forEach((text, i) => lines.append(element("text",
    { x: 4, y: top + LINE * (i + 1), "font-size": FONT, fill: "var(--soft)" }, text)));
  return { lines, height: texts.length ? LINE * texts.length + 8 : 0 };
}

/** The drawing with its key above and its note below, in the page's colours as they are now. */
export function standalone({ svg, key, below }: Pick<Drawn, "svg" | "key" | "below">): string {
  const copy = svg.cloneNode(true) as SVGElement, style = getComputedStyle(document.body);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  for (const part of [copy, ...copy.querySelectorAll<SVGElement>("[style]")]) {  // pages may forbid styles
    for (const property of part.style) part.setAttribute(property, part.style.getPropertyValue(property));
    part.removeAttribute("style");
  }
  copy.setAttribute("font-family", "system-ui, sans-serif");
  copy.setAttribute("color", style.getPropertyValue("--ink"));
  for (const part of copy.querySelectorAll("style, .cursor")) part.remove();
  const [x, y, width, height] = (svg.getAttribute("viewBox") ?? "0 0 640 400").split(" ").map(Number);
  const head = keyLines(key ?? [], width), foot = noteLines(below ?? "", width, y + height);
  const tall = height + head.height + foot.height;
  copy.prepend(element("rect", { x, y: y - head.height, width, height: tall, fill: "var(--paper)" }));
  copy.append(head.lines, foot.lines);
  copy.setAttribute("viewBox", `${x} ${y - head.height} ${width} ${tall}`);
  copy.setAttribute("height", `${tall}`);
  return new XMLSerializer().serializeToString(copy)
    .replace(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
}

function save(text: string, type: string, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Copies; where the browser refuses, saves a file. Says on the button which. */
async function copy(button: HTMLButtonElement, text: string, type: string, name: string) {
  const was = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
  } catch {
    save(text, type, name);
    button.textContent = "saved";
  }
  setTimeout(() => { button.textContent = was; }, 1500);
}

function html<K extends keyof HTMLElementTagNameMap>(name: K, className: string, text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** What is not in view is drawn when there is nothing else to do. */
const waiting: (() => void)[] = [];
let running = false;
function later(draw: () => void): void {
  waiting.push(draw);
  if (running) return;
  running = true;
  const next = () => {
    waiting.shift()?.();
    running = waiting.length > 0;
    if (running) setTimeout(next);
  };
  setTimeout(next);
}

const PAPER = { half: 400, full: 820 };  // px: a seventh more than A4 has, so that texts shrink to 7 pt

export class Figure {
  readonly root = html("figure", "chart");
  private readonly drawing = html("div", "drawing");
  private readonly tip = html("div", "tip");
  private readonly key = html("ul", "key");
  private readonly below = html("p", "below");
  private readonly buttons = html("span", "buttons");
  private readonly head = html("figcaption", "");
  private drawn: Drawn | null = null;
  private selection: Selection | null = null;
  private dirty = true;
  private inView = false;
  private at = -1;
  private width = 0;
  private onPaper = false;

  constructor(readonly chart: Chart) {
    this.root.id = `chart-${chart.id}`;
    const words = html("span", "");
    words.append(html("b", "", chart.title), ` ${chart.note}`);
    this.head.append(words, this.buttons);
    for (const format of ["SVG", "CSV"] as const) {
      const button = html("button", "", format);
      button.type = "button";
      button.setAttribute("aria-label", `copy "${chart.title}" as ${format}`);
      button.addEventListener("click", () => this.copyAs(button, format));
      this.buttons.append(button);
    }
    this.tip.setAttribute("role", "status");
    this.tip.hidden = true;
    this.root.append(this.head, this.key, this.drawing, this.below);
    if (chart.paper) this.root.classList.add(chart.paper);
    this.drawing.addEventListener("pointermove", (event) => this.pointed(event));
    this.drawing.addEventListener("pointerleave", () => this.show(-1));
    this.drawing.addEventListener("blur", () => this.show(-1));
    this.drawing.addEventListener("keydown", (event) => this.key_pressed(event));
    new IntersectionObserver((entries) => {
      this.inView = entries[entries.length - 1].isIntersecting;
      if (this.inView) this.drawIfNeeded();
    }, { rootMargin: "200px" }).observe(this.root);
    new ResizeObserver(([entry]) => {
      const width = Math.round(entry.contentRect.width);
      if (!this.drawn || this.onPaper || width === 0 || Math.abs(width - this.width) <= 4) return;
      this.width = width;
      this.dirty = true;
      if (this.inView) this.drawIfNeeded();
      else later(() => this.drawIfNeeded());
    }).observe(this.root);
  }

  update(selection: Selection): void {
    this.selection = selection;
    this.dirty = true;
    if (this.inView || (this.width === 0 && this.root.getBoundingClientRect().top < innerHeight))
      this.drawIfNeeded();
    else later(() => this.drawIfNeeded());
  }

  drawIfNeeded(): void {
    if (!this.dirty || !this.selection) return;
    this.dirty = false;
    if (this.root.hidden || this.width === 0) {  // else the width is known without a layout
      this.root.hidden = false;
      this.width = this.root.clientWidth;
    }
    this.drawn = this.chart.draw(this.selection, Math.max(this.width || 640, 260));
    this.root.hidden = !this.drawn;
    this.show(-1);
    if (!this.drawn) return;
    const { svg, summary } = this.drawn;
    for (const part of svg.querySelectorAll("[aria-label]")) {  // Plot's names, for style.css
      part.setAttribute("class", `${part.getAttribute("class") ?? ""} ${part.getAttribute("aria-label")}`);
      part.removeAttribute("aria-label");
      part.removeAttribute("aria-description");
    }
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", `${this.chart.title}. ${summary}`);
    this.drawing.replaceChildren(svg, this.tip);
    this.drawing.tabIndex = 0;
    this.drawing.setAttribute("role", "group");
    this.drawing.setAttribute("aria-label",
      `${this.chart.title}: ${this.drawn.points.length} points, arrow keys go from one to the next`);
    this.key.replaceChildren(...(this.drawn.key ?? []).map(({ symbol, words }) => {
      const item = html("li", "");
      item.append(symbol, words);
      return item;
    }));
    this.key.hidden = !this.drawn.key?.length;
    this.below.textContent = this.drawn.below ?? "";
    this.below.hidden = !this.drawn.below;
  }

  /** Draws anew for a sheet of paper, so that texts keep their size there. */
  print(): void {
    this.onPaper = true;
    this.width = this.chart.paper ? PAPER.half : PAPER.full;
    this.root.hidden = false;
    this.dirty = true;
    this.drawIfNeeded();
  }

  /** Back to the window's width. */
  printed(): void {
    this.onPaper = false;
    this.width = 0;
    this.dirty = true;
    if (this.inView) this.drawIfNeeded();
    else later(() => this.drawIfNeeded());
  }

  private copyAs(button: HTMLButtonElement, format: "SVG" | "CSV"): void {
    if (!this.drawn) return;
    if (format === "CSV")
      void copy(button, csv(this.drawn.rows), "text/csv", `${this.chart.id}.csv`);
    else void copy(button, standalone(this.drawn), "image/svg+xml", `${this.chart.id}.svg`);
  }

  /** The drawing is as wide as its box, or scaled to it. */
  private scale(): number {
    const box = this.drawn!.svg.getBoundingClientRect();
    const width = Number(this.drawn!.svg.getAttribute("width"));
    return width > 0 ? box.width / width : 1;
  }

  private pointed(event: PointerEvent): void {
    if (!this.drawn) return;
    const box = this.drawn.svg.getBoundingClientRect(), scale = this.scale();
    const x = (event.clientX - box.left) / scale, y = (event.clientY - box.top) / scale;
    let best = -1, least = 40 ** 2;
    this.drawn.points.forEach((p, i) => {
      const distance = (p.x - x) ** 2 + (p.y - y) ** 2;
      if (distance < least) [best, least] = [i, distance];
    });
    this.show(best);
  }

  private key_pressed(event: KeyboardEvent): void {
    const count = this.drawn?.points.length ?? 0;
    const step: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (event.key === "Escape") return this.show(-1);
    if (!count || !(event.key in step)) return;
    event.preventDefault();
    this.show((this.at + step[event.key] + (this.at < 0 && step[event.key] < 0 ? 1 : 0) + count) % count);
  }

  private show(index: number): void {
    this.at = index;
    const point = this.drawn?.points[index];
    this.tip.hidden = !point;
    this.drawn?.svg.querySelector(".cursor")?.remove();
    if (!point || !this.drawn) return;
    this.tip.replaceChildren(...point.lines.map((line, i) => html("div", i ? "" : "name", line)));
    const scale = this.scale(), x = point.x * scale, y = point.y * scale;
    const room = this.drawing.clientWidth, wide = Math.min(this.tip.offsetWidth, room);
    this.tip.style.left = `${Math.max(0, Math.min(x + 12, room - wide))}px`;
    this.tip.style.top = `${y + 14}px`;
    const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    for (const [name, value] of Object.entries({ class: "cursor", cx: point.x, cy: point.y, r: 8,
      fill: "none", stroke: "var(--ink)", "stroke-width": 1.5 })) ring.setAttribute(name, `${value}`);
    this.drawn.svg.append(ring);
  }
}
