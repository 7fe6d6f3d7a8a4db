/**
 * Contracts between modules and whole paths through them, checked against the reference
 * implementation's outputs.
 */
@NullMarked
package org.vesalius.test;

import org.jspecify.annotations.NullMarked;
