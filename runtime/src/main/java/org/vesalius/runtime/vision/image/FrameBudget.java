package org.vesalius.runtime.vision.image;

/** What the pixel bounds of a Qwen processor count when it is given the frames of a video. */
public enum FrameBudget {
  /** The area of each frame, as for a still picture (Qwen2-VL, Qwen2.5-VL). */
  EACH_FRAME,
  /** The areas of all frames together (Qwen3-VL). */
  WHOLE_VIDEO
}
