package org.vesalius.clinical.report;

import org.vesalius.clinical.trace.TracePlace;

/**
 * A measured length.
 *
 * @param label what was measured
 * @param place a box, or the points between which it was measured
 * @param name what of it, such as {@code width} or {@code length}
 * @param value how much
 * @param unit {@code mm}, or {@code px} where the pixel spacing is not known
 * @param qualifier where a millimetre is one, for people; empty for pixels
 */
public record Measurement(
    String label, TracePlace place, String name, double value, String unit, String qualifier) {}
