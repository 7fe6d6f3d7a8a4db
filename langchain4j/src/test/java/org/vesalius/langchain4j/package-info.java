/** Tests of the adapter, with scripted answers and on the demo model. */
@NullMarked
package org.vesalius.langchain4j;

import org.jspecify.annotations.NullMarked;
