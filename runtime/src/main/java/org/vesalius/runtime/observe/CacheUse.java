package org.vesalius.runtime.observe;

/**
 * What the pages of the key/value cache are used for.
 *
 * @param used pages that running requests hold
 * @param shared those of them that several requests hold
 * @param idle pages that no request holds, kept since one may come that begins in the same way
 * @param total pages that there may be
 */
public record CacheUse(int used, int shared, int idle, int total) {}
