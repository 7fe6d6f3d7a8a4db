/** Reports whose sentences carry their evidence, checked by the model that saw the pictures. */
@NullMarked
package org.vesalius.clinical.report;

import org.jspecify.annotations.NullMarked;
