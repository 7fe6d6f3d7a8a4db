/** A folder of documents as local knowledge: indexed, searched, and never left. */
@NullMarked
package org.vesalius.clinical.knowledge;

import org.jspecify.annotations.NullMarked;
