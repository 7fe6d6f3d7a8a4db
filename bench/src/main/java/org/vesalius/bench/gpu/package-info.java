/**
 * What runs on a bare machine with a GPU ({@code bench/gpu}): the contract of the kernels, the
 * figures of a model's published shapes with random weights, and a report that sets them beside
 * what the device allows.
 */
@NullMarked
package org.vesalius.bench.gpu;

import org.jspecify.annotations.NullMarked;
