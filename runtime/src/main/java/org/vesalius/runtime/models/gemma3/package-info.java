/** The Gemma 3 family: text, and with the SigLIP tower (MedGemma). */
@NullMarked
package org.vesalius.runtime.models.gemma3;

import org.jspecify.annotations.NullMarked;
