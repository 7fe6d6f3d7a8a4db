package org.vesalius.clinical.imaging.dicom;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The attributes that this reader knows (PS3.6 table 6-1), for files that do not say how values are
 * stored. In its file a line is a tag, a value representation ({@code XS}: US or SS) and a keyword;
 * {@code +} marks what a de-identified copy keeps, {@code #} identifiers that it replaces.
 */
final class Dictionary {
  private static final Map<Integer, Attribute> ATTRIBUTES = read();
  private static final Attribute GROUP_LENGTH = structural(ValueRepresentation.UL);
  private static final Attribute PRIVATE_CREATOR = structural(ValueRepresentation.LO);

  private Dictionary() {}

  /** Null for what is not in it. */
  static @Nullable Attribute find(Tag tag) {
    Attribute listed = ATTRIBUTES.get(tag.value());
    if (listed != null) {
      return listed;
    }
    if (tag.element() == 0) {
      return GROUP_LENGTH;
    }
    boolean creator = tag.isPrivate() && tag.element() >= 0x10 && tag.element() <= 0xff;
    return creator ? PRIVATE_CREATOR : null;
  }

  private static Attribute structural(ValueRepresentation representation) {
    return new Attribute(representation, false, "", Attribute.Exposure.DROPPED);
  }

  private static Map<Integer, Attribute> read() {
    Map<Integer, Attribute> attributes = new HashMap<>();
    try (InputStream stream = Dictionary.class.getResourceAsStream("attributes.txt")) {
      if (stream == null) {
        throw new IllegalStateException("attributes.txt is missing beside Dictionary.class");
      }
      var lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.US_ASCII));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String representation = line.substring(9, 11);
        boolean varies = representation.equals("XS");
        Attribute.Exposure exposure =
            switch (line.charAt(11)) {
              case '+' -> Attribute.Exposure.KEPT;
              case '#' -> Attribute.Exposure.REPLACED;
              default -> Attribute.Exposure.DROPPED;
            };
        attributes.put(
            Integer.parseUnsignedInt(line, 0, 8, 16),
            new Attribute(
                varies ? ValueRepresentation.US : ValueRepresentation.valueOf(representation),
                varies,
                line.substring(line.lastIndexOf(' ') + 1),
                exposure));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Map.copyOf(attributes);
  }
}
