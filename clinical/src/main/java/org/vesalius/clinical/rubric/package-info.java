/** Rubrics: what an answer is judged by, as data. */
@NullMarked
package org.vesalius.clinical.rubric;

import org.jspecify.annotations.NullMarked;
