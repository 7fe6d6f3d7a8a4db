/** The Mistral family. */
@NullMarked
package org.vesalius.runtime.models.mistral;

import org.jspecify.annotations.NullMarked;
