@NullMarked
package org.vesalius.runtime.prompt.jinja;

import org.jspecify.annotations.NullMarked;
