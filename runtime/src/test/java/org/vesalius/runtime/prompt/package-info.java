@NullMarked
package org.vesalius.runtime.prompt;

import org.jspecify.annotations.NullMarked;
