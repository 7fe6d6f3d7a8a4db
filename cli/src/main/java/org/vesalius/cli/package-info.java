/**
 * The command line: one class per command, and what they share: where they write, how they report
 * progress and failures.
 */
@NullMarked
package org.vesalius.cli;

import org.jspecify.annotations.NullMarked;
