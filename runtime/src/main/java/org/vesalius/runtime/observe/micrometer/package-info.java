/** Metrics for Micrometer, which is an optional dependency: nothing else refers to this package. */
@NullMarked
package org.vesalius.runtime.observe.micrometer;

import org.jspecify.annotations.NullMarked;
