package org.vesalius.bench.gpu;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Random;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.ImageOptions;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.vision.ImageEncoder;
import org.vesalius.runtime.vision.PreparedImage;
import org.vesalius.runtime.vision.image.RasterImage;

/** Measures the vision tower and its merger on a square picture of noise. */
final class VisionRun {
  private VisionRun() {}

  static ObjectNode measure(OpenedModel opened, ModelShape shape) {
    ImageEncoder encoder = opened.model().images().orElseThrow().encoder();
    int side = shape.runs().intValue("image_side");
    byte[] noise = new byte[3 * side * side];
    new Random(6).nextBytes(noise);
    RasterImage picture = RasterImage.ofRgb(side, side, noise);
    int rounds = shape.runs().intValue("rounds");
    Times prepared = Times.of(1, rounds, () -> encoder.prepare(picture, ImageOptions.defaults()));
    PreparedImage image = encoder.prepare(picture, ImageOptions.defaults());
    Tensor out = opened.kernels().allocate(ElementType.F32, image.tokens(), encoder.outputWidth());
    float[] last = new float[encoder.outputWidth()];
    Times times =
        Times.of(
            2,
            rounds,
            () -> {
              encoder.encode(out, image, LayerObserver.NONE);
              // Waits; what the decoder takes stays on the device.
              opened.kernels().read(last, out.rows(image.tokens() - 1, 1));
            });
    float[] all = new float[image.tokens() * encoder.outputWidth()];
    opened.kernels().read(all, out);
    DecoderRuns.requireSense("embeddings", all);
    ObjectNode json = PartFile.JSON.createObjectNode();
    times.write(json);
    json.put("side", side);
    json.put("patches", image.tiles().getFirst().patches());
    json.put("tokens", image.tokens());
    json.put("operations", opened.work().visionOperations(image));
    // On the host, before: resize, normalise, cut.
    json.put("preparation_seconds", prepared.median());
    return json;
  }
}
