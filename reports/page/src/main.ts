// SPDX-License-Identifier: Apache-2.0
// Adds charts and filters to a page whose tables are there without it.

import { read } from "./data";
import { decideEach, decisionOf, shapeOf } from "./decision";
import { Figure } from "./figure";
import { Filters } from "./filters";
import { State, address, headline, parse, select, settle } from "./state";
import { around, defer, filter, forget, reveal } from "./tables";
import { heat } from "./charts/accuracy";
import { curves } from "./charts/curves";
import { distributions } from "./charts/distributions";
import { pareto } from "./charts/pareto";
import { ladder, lengths, threads } from "./charts/speed";

const machines = read();
const first = machines[0]?.kernels;
const opening = (): State => {
  const timed = (op: string, dtype: string) => headline(machines, op, dtype) !== undefined;
  const start = first?.find((k) => k.op === "softmax" && k.dtype === "f32" && timed(k.op, k.dtype)) ??
    machines.flatMap((m) => m.kernels).find((k) => timed(k.op, k.dtype)) ?? first?.[0];
  return settle(machines, { op: start?.op ?? "", dtype: start?.dtype ?? "", shape: "", threads: "",
    isa: "", machine: "", theme: "", at: "" });
};
const initial = opening();
let state = initial;

const slots: [string, typeof pareto[]][] = [
  ["charts-first", [pareto]], ["charts-speed", [ladder, lengths, threads, distributions]],
  ["charts-accuracy", [heat, curves]],
];
const figures: Figure[] = [];
for (const [slot, charts] of slots) {
  const element = document.getElementById(slot);
  for (const chart of element ? charts : []) {
    const figure = new Figure(chart);
    element!.append(figure.root);
    figures.push(figure);
  }
}

/** The decision for what is selected; the page has it for the shape that it opens with. */
function decide(): void {
  const line = document.getElementById("decision"), sure = document.getElementById("sure");
  if (machines.length > 1) decideEach(machines, state, initial);
  if (!line || !sure || machines.length !== 1) return;
  const shape = shapeOf(machines[0], state), decision = decisionOf(machines[0], state);
  line.textContent = decision.sentence;
  sure.textContent = decision.sure;
  showHere(document.getElementById(`m1-s${shape ? machines[0].shapes.indexOf(shape) : "-"}`));
}

const MOST_ROWS = 60;  // beside the picture; the whole table stands below

/** The ranking of what is selected, beside the picture. */
function showHere(table: HTMLElement | null): void {
  const here = document.getElementById("here");
  const rows = table?.querySelectorAll("tbody tr").length ?? 0;
  const long = rows > MOST_ROWS, shows = `${table?.id ?? ""} ${long ? state.isa : ""}`;
  if (!here || here.dataset.shows === shows) return;
  here.dataset.shows = shows;
  here.replaceChildren();
  forget();
  if (!table) return;
  const copy = table.parentElement!.cloneNode(true) as HTMLElement;
  copy.querySelector("table")!.removeAttribute("id");
  here.append(copy);
  if (!long) return;
  let kept = 0;
  for (const row of copy.querySelectorAll<HTMLElement>("tbody tr"))
    if ((state.isa !== "" && row.dataset.isa !== state.isa) || ++kept > MOST_ROWS) row.remove();
  const more = document.createElement("p"), link = document.createElement("a");
  more.className = "soft";
  link.href = `#${table.id}`;
  link.textContent = `All ${rows} kernels at this shape`;
  more.append(link);
  here.append(more);
}

function show(): void {
  const selection = select(machines, state);
  filters?.show(state);
  decide();
  filter(state);
  for (const figure of figures) figure.update(selection);
}

let filters: Filters | undefined;
function change(next: Partial<State>, replace = false): void {
  state = settle(machines, { ...state, ...next });
  const hash = address(state, initial);
  const url = hash ? `#${hash}` : location.href.split("#")[0];
  if (replace) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  show();
}

function arrive(): void {
  const asked = parse(location.hash);
  state = settle(machines, { ...initial, ...around(asked.at ?? ""), ...asked });
  show();
  reveal(state.at);
}

defer();
const form = document.getElementById("filters");
if (form && machines.length) {
  filters = new Filters(machines, form, (key, value) => {
    // another operation or type starts at its own headline shape
    const anew = key === "op" ? { dtype: state.dtype, shape: "", threads: "" }
      : key === "dtype" || key === "shape" ? { threads: state.threads } : {};
    change({ ...anew, [key]: value, at: "" }, true);
  });
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest?.("a[href^='#']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const at = link.getAttribute("href")!.slice(1);
    change({ ...around(at), at });
    reveal(at);
  });
  addEventListener("popstate", arrive);
  addEventListener("hashchange", arrive);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => filters?.show(state));
  addEventListener("beforeprint", () => { for (const figure of figures) figure.print(); });
  addEventListener("afterprint", () => { for (const figure of figures) figure.printed(); });
  arrive();
}
document.documentElement.dataset.charts = "drawn";
performance.mark("softmark-drawn");
