/* The elements of the lab: the build bundles this into assets/lab.js (hooks/lab.py). */

import { Compare } from "./compare.js";

for (const lab of [Compare]) customElements.define(`logits-${lab.key}`, lab);
