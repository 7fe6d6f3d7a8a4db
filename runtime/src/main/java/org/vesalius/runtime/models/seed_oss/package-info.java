/** The Seed-OSS family. */
@NullMarked
package org.vesalius.runtime.models.seed_oss;

import org.jspecify.annotations.NullMarked;
