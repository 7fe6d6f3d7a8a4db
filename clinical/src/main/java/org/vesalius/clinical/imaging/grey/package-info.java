/**
 * Grey values of full depth on their way to a screen or a model: what modalities store, what it
 * means, and which part of it is shown (PS3.3 C.11).
 */
@NullMarked
package org.vesalius.clinical.imaging.grey;

import org.jspecify.annotations.NullMarked;
