// SPDX-License-Identifier: Apache-2.0
#include "reports/html_parts.h"

namespace softmark::html {

const char* const kStyle = R"css(
:root { color-scheme: light dark;
  --paper: #fcfcfa; --panel: #f3f3ef; --ink: #1d1f23; --soft: #5c6270; --line: #d9dad4; --link: #0b57a4;
  --good: #17713a; --bad: #b3261e; --known: #8a5a00; --bar: #cfe0f3; --best: #e3f1e5; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #15171a; --panel: #1e2125; --ink: #e4e5e7; --soft: #9aa1ad; --line: #363b42; --link: #83b9f5;
  --good: #6fce8b; --bad: #ff8a80; --known: #e5b65a; --bar: #274566; --best: #1d3a26; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0 auto; padding: 1.5rem clamp(.75rem, 3vw, 2.5rem) 4rem; max-width: 84rem; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 1.35rem; margin: 2.5rem 0 .25rem; overflow-wrap: anywhere; }
h3 { font-size: 1.1rem; margin: 2.2rem 0 .5rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h4 { font-size: 1rem; margin: 1.4rem 0 .4rem; overflow-wrap: anywhere; }
p { margin: .4rem 0 .8rem; max-width: 46rem; }
a { color: var(--link); text-underline-offset: .15em; }
.soft, caption, figcaption { color: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; margin: .8rem 0; }
code, pre, .mono { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .86em; }
pre { margin: .4rem 0; padding: .5rem .75rem; background: var(--panel); border-radius: .4rem; white-space: pre-wrap; overflow-wrap: anywhere; }
code { overflow-wrap: anywhere; }
.scroll { overflow: auto; max-height: 85vh; max-width: 100%; width: fit-content; border: 1px solid var(--line); border-radius: .4rem; }
table { border-collapse: separate; border-spacing: 0; font-size: .9rem; line-height: 1.35; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .4rem .7rem; background: var(--panel); }
th, td { padding: .28rem .7rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
thead th { position: sticky; top: 0; z-index: 1; background: var(--panel); font-weight: 600; white-space: nowrap; vertical-align: bottom; }
tbody th { font-weight: 500; background: var(--paper); white-space: nowrap; }
.first > thead th:first-child, .first > tbody th { position: sticky; left: 0; }
.first > thead th:first-child { z-index: 2; }
.n { text-align: right; white-space: nowrap; }
thead .n { text-align: right; }
td.bar { background: linear-gradient(to right, var(--bar) var(--share), transparent var(--share)); }
td.best { background: var(--best); font-weight: 600; }
tr.wrong td, tr.wrong th, td.wrong { color: var(--soft); }
.pass { color: var(--good); } .fail { color: var(--bad); font-weight: 600; } .known { color: var(--known); }
td .fail a, td .known a, td.fail a, td.known a { color: inherit; }
.banner { padding: .55rem .9rem; border-left: .3rem solid currentColor; background: var(--panel); border-radius: 0 .4rem .4rem 0; max-width: 46rem; }
.banner span { color: var(--ink); font-weight: 400; }
.matrix td { text-align: center; padding: .2rem .35rem; }
.matrix thead th:not(:first-child) { writing-mode: vertical-rl; transform: rotate(180deg); padding: .5rem .25rem; text-align: left;
  font-weight: 500; border-bottom: 0; border-top: 1px solid var(--line); }
article { min-width: 0; padding: .2rem 1rem .6rem; border: 1px solid var(--line); border-radius: .4rem; }
article:target, :target > th { outline: 2px solid var(--link); }
h5 { font-size: 1rem; margin: .6rem 0 .2rem; overflow-wrap: anywhere; }
details > summary { cursor: pointer; margin: .6rem 0; color: var(--link); }
.cards > * { min-width: 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 34rem), 1fr)); gap: 1rem; align-items: start; }
@media (min-width: 70rem) { .summary { grid-template-columns: 7fr 5fr; } }
.cards :not(article) > .scroll, .cards > .scroll { width: 100%; } .cards :not(article) > .scroll > table, .cards > .scroll > table { width: 100%; }
.cards > .scroll > table { font-size: .84rem; } .cards h4 { margin-top: .6rem; } .cards td, .cards th { padding-inline: .4rem; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .15rem 1rem; font-size: .9rem; margin: .4rem 0; }
dt { color: var(--soft); overflow-wrap: anywhere; } dd { margin: 0; overflow-wrap: anywhere; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 0 2.5rem; }
@media (max-width: 40rem) { body { font-size: 15px; } th, td { padding: .28rem .45rem; } h1 { font-size: 1.4rem; }
  dl { grid-template-columns: 1fr; } dd { margin-bottom: .35rem; } }
@media print { .scroll { max-height: none; overflow: visible; border: 0; } body { max-width: none; } }
)css";

}  // namespace softmark::html
