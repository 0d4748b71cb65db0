// SPDX-License-Identifier: Apache-2.0
// Okabe and Ito's colours, which people with any colour vision tell apart (style.css has them for
// light and dark), with dashes and symbols that do not follow from the colour: no chart needs
// colour to be read, and lines of 63 kernels differ even where a chart has no symbols.

import type { SymbolType } from "@observablehq/plot";
import { Machine } from "./data";

export interface Look { colour: string; symbol: SymbolType; dash: string }
const SYMBOLS: SymbolType[] =
  ["circle", "square", "triangle", "diamond", "cross", "star", "wye"];
const DASHES = ["", "6 3", "2 2", "10 3 2 3", "14 4", "1 4", "6 2 1 2 1 2", "3 6", "16 3 5 3"];
export const COLOURS = 7;

/** The look of the kernel at a place; no two of the first 441 are the same. */
export function lookAt(i: number): Look {
  const turn = Math.floor(i / COLOURS);
  return {
    colour: `var(--c${1 + (i % COLOURS)})`, dash: DASHES[turn % DASHES.length],
    symbol: SYMBOLS[(i + turn + Math.floor(turn / DASHES.length)) % SYMBOLS.length],
  };
}

/** Looks by kernel name, the same in every chart and under every filter. */
export function looks(machines: Machine[]): Map<string, Look> {
  const places = new Map<string, number>();
  for (const m of machines)
    for (const t of m.times)
      if (t.place > 0) places.set(t.kernel.name, (places.get(t.kernel.name) ?? 0) + 1 / t.place);
  for (const m of machines)
    for (const k of m.kernels) if (!places.has(k.name)) places.set(k.name, 0);
  const names = [...places].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return new Map(names.map(([name], i) => [name, lookAt(i)]));
}
