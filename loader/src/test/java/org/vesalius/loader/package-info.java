@NullMarked
package org.vesalius.loader;

import org.jspecify.annotations.NullMarked;
