/* All elements of the lab: the build bundles this into assets/lab.js (hooks/lab.py), and each element
   alone into a script of its own. */

import "./compare.js";
import "./break.js";
import "./loss.js";
import "./jacobian.js";
import "./sample.js";
import "./curve.js";
