/* The elements of the lab: the build bundles this into assets/lab.js (hooks/lab.py). */

import { Compare } from "./compare.js";
import { Break } from "./break.js";
import { Loss } from "./loss.js";

for (const lab of [Compare, Break, Loss]) customElements.define(`logits-${lab.key}`, lab);
