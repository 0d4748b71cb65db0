// SPDX-License-Identifier: Apache-2.0
// The row of filters: one select each, and the button for dark and light.

import { ISAS, Machine } from "./data";
import { Choices, State, choices } from "./state";

const WORDS: Record<string, string> =
  { op: "Operation", dtype: "Type", shape: "Shape", threads: "Threads", isa: "ISA", machine: "Machine" };
type Filter = "op" | "dtype" | "shape" | "threads" | "isa" | "machine";

export class Filters {
  private readonly selects = new Map<Filter, HTMLSelectElement>();
  private readonly theme = document.createElement("button");

  constructor(private readonly machines: Machine[], form: HTMLElement,
              private readonly change: (key: keyof State, value: string) => void) {
    const names: Filter[] = ["op", "dtype", "shape", "threads", "isa"];
    if (machines.length > 1) names.unshift("machine");
    for (const name of names) {
      const label = document.createElement("label"), select = document.createElement("select");
      select.name = name;
      select.addEventListener("change", () => this.change(name, select.value));
      label.append(WORDS[name], select);
      label.className = name;
      this.selects.set(name, select);
      form.append(label);
    }
    this.theme.type = "button";
    this.theme.className = "theme";
    this.theme.addEventListener("click", () => this.change("theme", this.dark() ? "light" : "dark"));
    form.append(this.theme);
  }

  private dark(): boolean {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  private fill(name: Filter, values: { value: string; words: string }[], now: string): void {
    const select = this.selects.get(name);
    if (!select) return;
    const old = [...select.options].map((o) => o.value).join("\n");
    if (old !== values.map((v) => v.value).join("\n"))
      select.replaceChildren(...values.map(({ value, words }) => new Option(words, value)));
    select.value = now;
    select.disabled = values.length < 2;
  }

  show(state: State): void {
    if (state.theme) document.documentElement.dataset.theme = state.theme;
    else delete document.documentElement.dataset.theme;
    this.theme.textContent = this.dark() ? "Light" : "Dark";
    this.theme.setAttribute("aria-label", `switch to ${this.dark() ? "light" : "dark"} colours`);
    const offered: Choices = choices(this.machines, state);
    const plain = (values: string[]) => values.map((value) => ({ value, words: value }));
    this.fill("op", plain(offered.ops), state.op);
    this.fill("dtype", plain(offered.dtypes), state.dtype);
    this.fill("shape", plain(offered.shapes), state.shape);
    this.fill("threads", plain(offered.threads), state.threads);
    this.fill("isa", [{ value: "", words: "all" }, ...offered.isas.map((value) =>
      ({ value, words: ISAS[value] }))], state.isa);
    this.fill("machine", [{ value: "", words: "all" }, ...this.machines.map((m, i) =>
      ({ value: `${i + 1}`, words: m.name }))], state.machine);
  }
}
