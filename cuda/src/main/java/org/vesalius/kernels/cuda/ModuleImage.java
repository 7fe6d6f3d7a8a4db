package org.vesalius.kernels.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The compiled kernels. The jar has two forms of them: machine code of several architectures in one
 * file, which drivers take that are as new as the compiler, and PTX of a version that older drivers
 * compile by themselves.
 */
final class ModuleImage {
  /** CUDA version, times 1000, of the compiler that made the machine code. */
  private static final int MACHINE_CODE = 13000;

  private ModuleImage() {}

  private static String property() {
    return System.getProperty("vesalius.cuda.image", "");
  }

  /** Fails if this build has no kernels. */
  static void require() throws UnavailableException {
    if (!property().isEmpty()) {
      if (!Files.isReadable(Path.of(property()))) {
        throw new UnavailableException(
            "the file of kernels "
                + property()
                + " cannot be read; correct the property vesalius.cuda.image",
            null);
      }
    } else if (ModuleImage.class.getResource("kernels.fatbin") == null
        || ModuleImage.class.getResource("kernels.ptx") == null) {
      throw new UnavailableException("no CUDA kernels in this build: " + missing(), null);
    }
  }

  /** Why this build has none, as the build itself said. */
  private static String missing() throws UnavailableException {
    try (InputStream said = ModuleImage.class.getResourceAsStream("missing.txt")) {
      return said == null
          ? "it was built without; build it where CUDA's compiler nvcc is"
          : new String(said.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UnavailableException("no CUDA kernels in this build, and why is unreadable", e);
    }
  }

  /** What {@link #read} reads, for telling images apart. */
  static String name(int driverVersion) {
    if (!property().isEmpty()) {
      return property();
    }
    return driverVersion >= MACHINE_CODE ? "kernels.fatbin" : "kernels.ptx";
  }

  /** The kernels for a driver of this version, ending with a zero as PTX has to. */
  static byte[] read(int driverVersion) throws IOException {
    byte[] image;
    if (property().isEmpty()) {
      String name = name(driverVersion);
      try (InputStream in = ModuleImage.class.getResourceAsStream(name)) {
        if (in == null) {
          throw new IOException(name + " is gone from the class path");
        }
        image = in.readAllBytes();
      }
    } else {
      image = Files.readAllBytes(Path.of(property()));
    }
    return Arrays.copyOf(image, image.length + 1);
  }
}
