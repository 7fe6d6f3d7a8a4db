/**
 * The loop in which a model asks for tools and gets their results, until it concludes or is
 * stopped.
 */
@NullMarked
package org.vesalius.clinical.agent;

import org.jspecify.annotations.NullMarked;
