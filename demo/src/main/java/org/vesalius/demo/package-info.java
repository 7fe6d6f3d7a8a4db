/**
 * The embedded demo model phantom-vl: a toy that reads drawings which look a little like chest
 * radiographs. Not for medical use.
 */
@NullMarked
package org.vesalius.demo;

import org.jspecify.annotations.NullMarked;
