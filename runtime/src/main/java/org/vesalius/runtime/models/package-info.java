/**
 * The model families: what each is made of, and the list of them. A family is one package below
 * this one and one line in the list.
 */
@NullMarked
package org.vesalius.runtime.models;

import org.jspecify.annotations.NullMarked;
