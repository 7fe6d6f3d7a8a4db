package org.vesalius.bench.gpu;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/**
 * The result of one part of a run, as a file of its own: whatever becomes of the parts after it, it
 * is there.
 *
 * @param folder of all parts
 * @param name of this one
 * @param device what computed, as {@code Kernels.description} has it; empty if that is not known
 * @param shapes name of the model's sizes
 */
record PartFile(Path folder, String name, String device, String shapes) {
  static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /** What the device of the tests calls itself; its times say nothing about any GPU. */
  static boolean isSimulated(String device) {
    return device.toLowerCase(Locale.ROOT).contains("simulated");
  }

  /** Writes the result in place of an earlier one. */
  void write(ObjectNode result) throws IOException {
    ObjectNode part = JSON.createObjectNode();
    part.put("part", name);
    part.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    part.put("revision", System.getProperty("vesalius.bench.revision", "unknown"));
    part.put("device", device);
    part.put("simulated", isSimulated(device));
    part.put("shapes", shapes);
    part.set("result", result);
    Files.createDirectories(folder);
    Path written = folder.resolve(name + ".json.new");
    JSON.writeValue(written.toFile(), part);
    Files.move(written, folder.resolve(name + ".json"), StandardCopyOption.REPLACE_EXISTING);
  }

  /** Writes what went wrong in place of a result. */
  void writeError(String error) throws IOException {
    write(JSON.createObjectNode().put("error", error));
  }
}
