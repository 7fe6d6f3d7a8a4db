package org.vesalius.runtime;

import org.vesalius.runtime.vision.image.ImageTransform;

/**
 * A picture of a request as the model sees it.
 *
 * @param tokens that stand for it in the prompt
 * @param sha256 of the numbers that the vision tower takes in and of how they lie, in hexadecimal:
 *     two pictures with one hash are the same to the model, whatever files they come from
 * @param transform the way between its pixels and those that the model sees
 */
public record PreparedPicture(int tokens, String sha256, ImageTransform transform) {}
