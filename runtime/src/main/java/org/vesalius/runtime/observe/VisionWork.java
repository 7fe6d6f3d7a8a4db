package org.vesalius.runtime.observe;

/**
 * A picture in the vision encoder.
 *
 * @param image index among the request's pictures
 * @param tokens rows that it gives the decoder
 * @param cached whether it had been encoded before, so that nothing was computed
 */
public record VisionWork(int image, int tokens, boolean cached) {}
