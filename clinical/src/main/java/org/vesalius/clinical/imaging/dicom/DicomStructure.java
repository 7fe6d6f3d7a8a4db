package org.vesalius.clinical.imaging.dicom;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a file: meta group, data set, and how the latter is stored.
 *
 * @param meta without elements where the file has no meta group
 */
record DicomStructure(DataSet meta, DataSet data, TransferSyntax transferSyntax) {
  private static final int PREAMBLE = 128;
  private static final int PREFIX = 0x4449434d; // "DICM"

  /** Groups that a data set without meta group can start with. */
  private static final int LAST_FIRST_GROUP = 0x0028;

  static DicomStructure read(ByteSource source) {
    boolean prefixed = source.size() >= PREAMBLE + 4 && source.i32(PREAMBLE, true) == PREFIX;
    long start = prefixed ? PREAMBLE + 4 : 0;
    boolean withMeta = prefixed || startsMeta(source);
    DataSetParser parser = new DataSetParser(source);
    DataSet meta =
        withMeta
            ? parser.parseMeta(start)
            : new DataSet(source, List.of(), CharacterSets.ASCII, start);
    long from = withMeta ? endOfMeta(meta, start) : 0;
    TransferSyntax declared =
        meta.text(Tag.TRANSFER_SYNTAX_UID).map(uid -> transferSyntax(meta, uid)).orElse(null);
    if (declared != null && declared.deflated()) {
      ByteSource inflated = inflate(source, from);
      return parse(new DataSetParser(inflated), meta, inflated, 0, declared);
    }
    return parse(parser, meta, source, from, declared);
  }

  private static DicomStructure parse(
      DataSetParser parser,
      DataSet meta,
      ByteSource source,
      long from,
      @Nullable TransferSyntax declared) {
    TransferSyntax syntax = declared == null ? guess(source, from) : declared;
    boolean explicit = syntax.explicit();
    if (declared != null && source.size() - from >= 8) {
      // Some writers say one and store the other; the first element shows which.
      explicit =
          isExplicit(source, from, syntax.bigEndian()) || (explicit && !isImplicit(source, from));
    }
    DataSet data = parser.parse(from, source.size(), explicit, syntax.bigEndian());
    return new DicomStructure(meta, data, syntax);
  }

  private static TransferSyntax transferSyntax(DataSet meta, String uid) {
    if (!uid.matches("[0-9.]{1,64}")) {
      throw meta.fail(Tag.TRANSFER_SYNTAX_UID, "corrupt: expected digits and dots");
    }
    return TransferSyntax.of(uid);
  }

  private static boolean startsMeta(ByteSource source) {
    return source.size() >= 8
        && source.u16(0, false) == 2
        && ValueRepresentation.of(source.u8(4), source.u8(5)) != null;
  }

  /** The meta group ends where another group begins; a wrong group length is not followed. */
  private static long endOfMeta(DataSet meta, long start) {
    List<Element> elements = new ArrayList<>();
    meta.forEach(elements::add);
    long end = start;
    for (Element element : elements) {
      end = Math.max(end, element.at() + element.length());
    }
    return end;
  }

  private static boolean isExplicit(ByteSource source, long at, boolean bigEndian) {
    int group = source.u16(at, bigEndian);
    return group > 0
        && group <= LAST_FIRST_GROUP
        && ValueRepresentation.of(source.u8(at + 4), source.u8(at + 5)) != null;
  }

  private static boolean isImplicit(ByteSource source, long at) {
    long length = source.u32(at + 4, false);
    Attribute known = Dictionary.find(source.tag(at, false));
    return known != null
        && source.u16(at, false) <= LAST_FIRST_GROUP
        && length <= source.size() - at - 8;
  }

  private static TransferSyntax guess(ByteSource source, long at) {
    if (source.size() - at >= 8) {
      if (isExplicit(source, at, false)) {
        return TransferSyntax.EXPLICIT_LITTLE_ENDIAN;
      }
      if (isExplicit(source, at, true)) {
        return TransferSyntax.EXPLICIT_BIG_ENDIAN;
      }
      if (isImplicit(source, at) && source.u16(at, false) > 0) {
        return TransferSyntax.IMPLICIT_LITTLE_ENDIAN;
      }
    }
    throw source.fail(
        at,
        "expected a DICOM file (\"DICM\" at byte 128, or an element of PS3.6 at the start), found"
            + (source.size() == 0 ? " nothing" : " something else"));
  }

  private static ByteSource inflate(ByteSource source, long from) {
    byte[] inflated = Inflation.inflate(source, from);
    return ByteSource.of(inflated, source.file(), "inflated byte");
  }
}
