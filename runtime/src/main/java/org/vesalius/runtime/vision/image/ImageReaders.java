package org.vesalius.runtime.vision.image;

import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.ImageInputStream;

/**
 * Finds readers of {@code javax.imageio}. Its registry is one for the whole process and takes the
 * plug-ins of the class loader that the first thread to use it had: another one would not find the
 * plug-ins beside it, and that one could never be unloaded. So they are looked for here too, and
 * the registry starts with those of the program only.
 */
final class ImageReaders {
  private static final String PLATFORM = "com.sun.imageio.";
  private static final String OTHERS = "com.github.jaiimageio.";
  private static final String JPEG_2000 = "jpeg2000";

  private ImageReaders() {}

  /** The reader for what a stream holds; a plug-in goes before the JDK's own. */
  static Optional<ImageReader> of(ImageInputStream stream) throws IOException {
    IIORegistry registry = registry();
    Iterator<ImageReader> registered = ImageIO.getImageReaders(stream);
    ImageReader known = null;
    while (known == null && registered.hasNext()) {
      ImageReader next = registered.next();
      known = isStranger(next.getOriginatingProvider()) ? null : next;
    }
    if (known != null && !isPlatform(known)) {
      return Optional.of(known);
    }
    List<ImageReaderSpi> plugins =
        ServiceLoader.load(ImageReaderSpi.class, ImageReaders.class.getClassLoader()).stream()
            .filter(plugin -> registry.getServiceProviderByClass(plugin.type()) == null)
            .map(ServiceLoader.Provider::get)
            .filter(plugin -> !isStranger(plugin))
            .toList();
    for (ImageReaderSpi plugin : plugins) {
      // It may look for the JDK's reader of its format now; it is not registered by this.
      plugin.onRegistration(registry, ImageReaderSpi.class);
      if (plugin.canDecodeInput(stream)) {
        return Optional.of(plugin.createReaderInstance());
      }
    }
    return Optional.ofNullable(known);
  }

  /** The JDK's own reader of a format. */
  static Optional<ImageReader> ofPlatform(String format) {
    registry();
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
    while (readers.hasNext()) {
      ImageReader reader = readers.next();
      if (isPlatform(reader)) {
        return Optional.of(reader);
      }
    }
    return Optional.empty();
  }

  /**
   * Whether it comes with a library for JPEG 2000, which brings old readers of TIFF, BMP and other
   * formats along: which of two readers of a format comes first is chance.
   */
  private static boolean isStranger(ImageReaderSpi provider) {
    return provider.getClass().getName().startsWith(OTHERS)
        && !Arrays.asList(provider.getFormatNames()).contains(JPEG_2000);
  }

  private static boolean isPlatform(ImageReader reader) {
    return reader.getOriginatingProvider().getClass().getName().startsWith(PLATFORM);
  }

  /** The registry; where this is the first use of it, it starts with the program's plug-ins. */
  private static IIORegistry registry() {
    Thread thread = Thread.currentThread();
    ClassLoader callers = thread.getContextClassLoader();
    thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
    try {
      return IIORegistry.getDefaultInstance();
    } finally {
      thread.setContextClassLoader(callers);
    }
  }
}
