/** Published clinical scores: inputs, formula, bands and source of each. */
@NullMarked
package org.vesalius.clinical.scores;

import org.jspecify.annotations.NullMarked;
