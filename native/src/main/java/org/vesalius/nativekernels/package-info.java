/**
 * The backend of the compiled kernels: the C interface of {@code vesalius.h}, called by the Foreign
 * Function and Memory API. The only package that may use {@link java.lang.foreign.Linker}.
 *
 * <p>Native functions are leaves of one thread that check nothing. Everything around them is Java:
 * shapes and contents are checked before, addresses are taken of live memory outside the Java heap
 * only, and {@link org.vesalius.kernels.WorkerPool} splits the work. Nothing here allocates in a
 * call, except where a call is larger than all before.
 */
@NullMarked
package org.vesalius.nativekernels;

import org.jspecify.annotations.NullMarked;
