// SPDX-License-Identifier: Apache-2.0
// The decision for what is selected. C++ writes one for each shape; where the filter by instruction
// sets hides the kernel that it names, the fastest of those shown stands in its place.

import { ISAS, Machine, Shape, figure, percent, shapeWords } from "./data";
import { State, offers } from "./state";

export interface Decision { sentence: string; sure: string }

export function shapeOf(machine: Machine, state: State): Shape | undefined {
  return machine.shapes.find((s) => s.op === state.op && s.dtype === state.dtype &&
    shapeWords(s) === state.shape && `${s.threads}` === state.threads);
}

export function decisionOf(machine: Machine, state: State): Decision {
  const shape = shapeOf(machine, state);
  if (!shape?.decision)
    return { sure: "", sentence: `Nothing was timed for ${state.op} in ${state.dtype}` +
      `${state.shape ? ` at ${state.shape}` : ""}; the tables say which kernels are correct.` };
  const ranked = machine.times.filter((t) => t.shape === shape && t.place > 0);
  const winner = ranked.find((t) => t.kernel.name === shape.winner);
  if (!winner || offers(state, winner.kernel)) return { sentence: shape.decision, sure: shape.sure };
  const hidden = `The filter hides ${winner.kernel.name}, the best of all, with ${figure(winner.ns)} ns.`;
  const words = ISAS[state.isa], [best] = ranked.filter((t) => offers(state, t.kernel))
    .sort((a, b) => a.ns - b.ns);
  if (!best) return { sure: hidden, sentence: `No correct kernel of ISA ${words} was timed at this shape.` };
  return {
    sentence: `Of ISA ${words}, use ${best.kernel.name} for ${state.op} in ${state.dtype}: ` +
      `${figure(best.ns)} ns per element at ${shapeWords(shape)}, ${shape.threads} thread` +
      `${shape.threads === 1 ? "" : "s"}` + (Number.isNaN(best.ofCeiling) ? "" : ` (${percent(best.ofCeiling)} of ${best.ceiling})`) +
      `, largest error ${figure(best.kernel.share)} of the bound (${figure(best.kernel.ulp)} ulp).`,
    sure: (best.low < best.high
      ? `95 % interval ${figure(best.low)} to ${figure(best.high)} ns over ${best.n} processes. ` : "") + hidden,
  };
}

/** The list that several machines have: what C++ wrote at first, then what is selected. */
export function decideEach(machines: Machine[], state: State, initial: State): void {
  const same = (["op", "dtype", "shape", "threads", "isa"] as const).every((key) => state[key] === initial[key]);
  for (const item of document.querySelectorAll<HTMLElement>("ul.decisions > li")) {
    const machine = machines[Number(item.dataset.machine) - 1];
    if (!machine) continue;
    if (!written.has(item)) written.set(item, [...item.childNodes]);
    const nodes = written.get(item)!, sure = document.createElement("span");
    if (same) {
      item.replaceChildren(...nodes);
      continue;
    }
    const decision = decisionOf(machine, state);
    sure.className = "soft";
    sure.textContent = decision.sure;
    item.replaceChildren(nodes[0], `: ${decision.sentence} `, sure);
  }
}
const written = new WeakMap<HTMLElement, ChildNode[]>();
