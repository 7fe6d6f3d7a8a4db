/**
 * What a run did and why, as a record that somebody else can check: hash-chained, signed if wanted.
 */
@NullMarked
package org.vesalius.clinical.trace;

import org.jspecify.annotations.NullMarked;
