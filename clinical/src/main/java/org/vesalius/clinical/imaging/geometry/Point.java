package org.vesalius.clinical.imaging.geometry;

/** A point in a plane; whether in pixels or millimetres says who gives it. */
public record Point(double x, double y) {}
