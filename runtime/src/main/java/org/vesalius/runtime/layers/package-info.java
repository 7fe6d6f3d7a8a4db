/**
 * The layers that decoders are composed of, the paged key/value cache, and the reading of weights
 * by name. Records of weights with a forward that reads top to bottom; nothing here knows a model
 * family or a device.
 */
@NullMarked
package org.vesalius.runtime.layers;

import org.jspecify.annotations.NullMarked;
