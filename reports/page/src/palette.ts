// SPDX-License-Identifier: Apache-2.0
// Okabe and Ito's colours, which people with any colour vision tell apart (style.css has them for
// light and dark), each with a symbol of its own: no chart needs colour to be read.

import type { SymbolType } from "@observablehq/plot";
import { Machine } from "./data";

export interface Look { colour: string; symbol: SymbolType; dash: string }
const SYMBOLS: SymbolType[] =
  ["circle", "square", "triangle", "diamond", "cross", "star", "wye"];
const DASHES = ["", "6 3", "2 2"];
export const COLOURS = 7;

/** Looks by kernel name, the same in every chart and under every filter. */
export function looks(machines: Machine[]): Map<string, Look> {
  const places = new Map<string, number>();
  for (const m of machines)
    for (const t of m.times)
      if (t.place > 0) places.set(t.kernel.name, (places.get(t.kernel.name) ?? 0) + 1 / t.place);
  for (const m of machines)
    for (const k of m.kernels) if (!places.has(k.name)) places.set(k.name, 0);
  const names = [...places].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return new Map(names.map(([name], i) => [name, {
    colour: `var(--c${1 + (i % COLOURS)})`, symbol: SYMBOLS[i % SYMBOLS.length],
    dash: DASHES[Math.floor(i / COLOURS) % DASHES.length],
  }]));
}
