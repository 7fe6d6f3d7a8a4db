/** JMH benchmarks of every stage, each with a peer or a limit measured beside it. */
@NullMarked
package org.vesalius.bench;

import org.jspecify.annotations.NullMarked;
