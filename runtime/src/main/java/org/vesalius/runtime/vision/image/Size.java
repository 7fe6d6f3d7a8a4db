package org.vesalius.runtime.vision.image;

/** Sides of a picture in pixels. */
public record Size(int height, int width) {}
