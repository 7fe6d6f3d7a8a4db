package org.vesalius.clinical.imaging.dicom;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Copies of metadata that say nothing about a person, and what pixels may still say.
 *
 * <p>PS3.15 Annex E lists what must go; this keeps only what is listed as harmless: geometry, pixel
 * description, look-up tables, modality and how the image was taken. All other text, dates, times,
 * descriptions, private elements, pixels and overlays are dropped, and so is what is not listed. A
 * listed value is kept only where it has the form that its attribute demands. Identifiers of study,
 * series, image and frame of reference are dropped or replaced.
 *
 * <p>It is a copy for logs, indices and training data, not a valid DICOM object, and no statement
 * about pixels: see {@link #burnedIn}.
 */
public final class Deidentification {
  private static final String STANDARD_ROOT = "1.2.840.10008.";
  private static final String HMAC = "HmacSHA256";

  /** Kinds of image that are copies of screens or carry text by habit. */
  private static final Set<String> WITH_TEXT = Set.of("US", "SC", "OT", "ES", "XC", "GM", "IVUS");

  /** The only text that is kept: what values mean (PS3.3 C.11.1.1.2). */
  private static final Set<String> RESCALE_TYPES =
      Set.of("HU", "US", "OD", "HGML", "Z_EFF", "ED", "EDW", "HU_MOD", "PCT", "MGML");

  /** Secondary capture and ultrasound, and what is derived from their classes. */
  private static final List<String> CAPTURED =
      List.of(
          "1.2.840.10008.5.1.4.1.1.7",
          "1.2.840.10008.5.1.4.1.1.6",
          "1.2.840.10008.5.1.4.1.1.6.1",
          "1.2.840.10008.5.1.4.1.1.3",
          "1.2.840.10008.5.1.4.1.1.3.1");

  /** What a file lets expect of text in its pixels. */
  public enum BurnedIn {
    /** Burned In Annotation (0028,0301) says yes. */
    YES,
    /**
     * It does not say, and the image is of a kind that usually has: ultrasound, a captured screen.
     */
    LIKELY,
    /** It does not say, and the kind gives no reason to expect it. */
    UNKNOWN,
    /** It says no; the writer of the file may be wrong. */
    NO
  }

  private Deidentification() {}

  /** The copy, without identifiers. */
  public static DataSet copy(DataSet data) {
    return copy(data, (Mac) null);
  }

  /**
   * The copy, with identifiers replaced: by the same ones for the same identifier and salt, so that
   * images of a series still belong together. Who has the salt can find out what stood there.
   *
   * @param salt secret, at least 16 bytes
   */
  public static DataSet copy(DataSet data, byte[] salt) {
    if (salt.length < 16) {
      throw new IllegalArgumentException(
          "expected a salt of at least 16 bytes, found " + salt.length);
    }
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(salt, HMAC));
      return copy(data, mac);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java runtime has " + HMAC, e);
    }
  }

  /** Whether the pixels may show text, such as a name. */
  public static BurnedIn burnedIn(DataSet data) {
    String said = data.text(Tag.BURNED_IN_ANNOTATION).orElse("").toUpperCase(Locale.ROOT);
    if (said.equals("YES")) {
      return BurnedIn.YES;
    }
    String kind = data.text(Tag.SOP_CLASS_UID).orElse("");
    String modality = data.text(Tag.MODALITY).orElse("").toUpperCase(Locale.ROOT);
    List<String> imageType = data.texts(Tag.IMAGE_TYPE);
    boolean likely =
        WITH_TEXT.contains(modality)
            || CAPTURED.stream().anyMatch(root -> (kind + ".").startsWith(root + "."))
            || data.text(Tag.CONVERSION_TYPE).isPresent()
            || imageType.stream().anyMatch(type -> type.contains("SCREEN"));
    if (said.equals("NO")) {
      return BurnedIn.NO;
    }
    return likely ? BurnedIn.LIKELY : BurnedIn.UNKNOWN;
  }

  /** Whether a value may be seen by anybody: a listed attribute whose value has its form. */
  static boolean mayShow(DataSet data, Element element) {
    Attribute known = Dictionary.find(element.tag());
    if (known == null
        || known.exposure() != Attribute.Exposure.KEPT
        || element.tag().isPrivate()
        || element.items() != null
        || element.fragments() != null) {
      return false;
    }
    ValueRepresentation vr = element.representation();
    if (vr != known.representation() && !isNumber(vr)) {
      return false;
    }
    try {
      return switch (vr) {
        case CS -> data.texts(element.tag()).stream().allMatch(Deidentification::isCode);
        case UI -> data.texts(element.tag()).stream().allMatch(Deidentification::isStandard);
        case LO -> data.texts(element.tag()).stream().allMatch(RESCALE_TYPES::contains);
        case DS, IS -> {
          data.numbers(element.tag()); // fails for other text
          yield true;
        }
        default -> isNumber(vr);
      };
    } catch (DicomFormatException e) {
      return false;
    }
  }

  /** Capitals, digits, space and underscore, 16 of them (PS3.5 6.2); a sentence is none. */
  private static boolean isCode(String text) {
    return text.length() <= 16
        && text.chars()
            .allMatch(
                c -> (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '_');
  }

  private static boolean isStandard(String uid) {
    return uid.startsWith(STANDARD_ROOT) && uid.matches("[0-9.]{1,64}");
  }

  private static boolean isNumber(ValueRepresentation vr) {
    return switch (vr.kind) {
      case SIGNED, UNSIGNED, FLOATS -> true;
      default -> false;
    };
  }

  private static DataSet copy(DataSet data, @Nullable Mac mac) {
    List<Element> kept = new ArrayList<>();
    ByteSource nothing = ByteSource.of(new byte[0], data.source().file(), "copied byte");
    data.forEach(element -> {
      Attribute known = Dictionary.find(element.tag());
      List<DataSet> items = element.items();
      if (known == null) {
        return;
      }
      if (items != null && known.exposure() == Attribute.Exposure.KEPT) {
        List<DataSet> copies = items.stream().map(item -> copy(item, mac)).toList();
        kept.add(
            new Element(
                element.tag(), ValueRepresentation.SQ, nothing, 0, 0, 0, false, copies, null));
      } else if (mayShow(data, element)) {
        kept.add(withValue(data, element, element.source().copy(element.at(), element.length())));
      } else if (known.exposure() == Attribute.Exposure.REPLACED
          && mac != null
          && element.representation() == ValueRepresentation.UI) {
        data.text(element.tag())
            .ifPresent(uid -> kept.add(withValue(data, element, replacement(uid, mac))));
      }
    });
    return new DataSet(nothing, kept, CharacterSets.ASCII, 0);
  }

  /** The element with bytes of its own, so that the copy holds nothing of the file. */
  private static Element withValue(DataSet data, Element element, byte[] value) {
    ByteSource source = ByteSource.of(value, data.source().file(), "copied byte");
    return new Element(
        element.tag(), element.representation(), source, 0, 0, value.length, element.bigEndian());
  }

  /** An identifier made of a number of 128 bits (PS3.5 B.2). */
  private static byte[] replacement(String uid, Mac mac) {
    byte[] hash = mac.doFinal(uid.getBytes(StandardCharsets.UTF_8));
    BigInteger number = new BigInteger(1, Arrays.copyOf(hash, 16));
    return ("2.25." + number).getBytes(StandardCharsets.US_ASCII);
  }
}
