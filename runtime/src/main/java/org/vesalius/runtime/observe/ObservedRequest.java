package org.vesalius.runtime.observe;

/**
 * A request as observers know it.
 *
 * @param number which no other request of this engine has
 * @param id what its caller calls it, see {@link org.vesalius.runtime.Scheduling#requestId}, which
 *     may come twice; else the number
 */
public record ObservedRequest(long number, String id) {}
