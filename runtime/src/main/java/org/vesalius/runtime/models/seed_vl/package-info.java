/** The Seed-VL family, which MedXIAOHE belongs to. */
@NullMarked
package org.vesalius.runtime.models.seed_vl;

import org.jspecify.annotations.NullMarked;
