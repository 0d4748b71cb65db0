// SPDX-License-Identifier: Apache-2.0
// The tables that stand in the page: the filters hide those of other operations, types and
// machines, and rows of other instruction sets; a link opens what it leads into.

import { State } from "./state";

interface Part { element: HTMLElement; op?: string; dtype?: string; isa?: string; machine?: string }
let parts: Part[] | undefined;

const MOST_CELLS = 1500;

/** Large tables are laid out when they come into view. */
export function defer(): void {
  for (const table of document.querySelectorAll("table"))
    if (table.rows.length * (table.rows[0]?.cells.length ?? 0) > MOST_CELLS)
      table.parentElement!.classList.add("long");
}

/** After tables came or went. */
export function forget(): void {
  parts = undefined;
}

/** Elements say by data-op, data-dtype, data-isa, data-machine what they are about. */
export function filter(state: State): void {
  parts ??= [...document.querySelectorAll<HTMLElement>("[data-op],[data-isa],[data-machine]")]
    .map((element) => ({ element, op: element.dataset.op, dtype: element.dataset.dtype,
      isa: element.dataset.isa, machine: element.dataset.machine }));
  for (const { element, op, dtype, isa, machine } of parts) {
    const hidden = (op !== undefined && op !== state.op) ||
      (dtype !== undefined && dtype !== state.dtype) ||
      (isa !== undefined && state.isa !== "" && isa !== state.isa) ||
      (machine !== undefined && state.machine !== "" && machine !== state.machine);
    if (element.hidden !== hidden) element.hidden = hidden;
  }
}

/** Opens the folds around the anchor and scrolls to it. */
export function reveal(anchor: string): boolean {
  const target = anchor ? document.getElementById(anchor) : null;
  if (!target) return false;
  for (let at: HTMLElement | null = target; at; at = at.parentElement)
    if (at instanceof HTMLDetailsElement) at.open = true;
  for (const old of document.querySelectorAll(".target")) old.classList.remove("target");
  target.classList.add("target");
  target.scrollIntoView();
  return true;
}

/** The filters under which an anchor is visible. */
export function around(anchor: string): Partial<State> {
  const target = anchor ? document.getElementById(anchor) : null;
  const found: Partial<State> = {};
  for (let at: HTMLElement | null = target; at; at = at.parentElement) {
    if (at.dataset.op !== undefined) found.op ??= at.dataset.op;
    if (at.dataset.dtype !== undefined) found.dtype ??= at.dataset.dtype;
  }
  return found;
}
