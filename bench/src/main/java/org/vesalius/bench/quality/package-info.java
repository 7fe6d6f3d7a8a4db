/** What rounding weights and caches costs: distance of the distributions, and right answers. */
@NullMarked
package org.vesalius.bench.quality;

import org.jspecify.annotations.NullMarked;
