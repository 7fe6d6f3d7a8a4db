/** Medical words: dictionaries of entities in levels, and where a text names them. */
@NullMarked
package org.vesalius.clinical.entities;

import org.jspecify.annotations.NullMarked;
