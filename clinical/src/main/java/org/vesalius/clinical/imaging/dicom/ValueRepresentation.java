package org.vesalius.clinical.imaging.dicom;

import org.jspecify.annotations.Nullable;

/** How the value of an element is stored (PS3.5 6.2). */
public enum ValueRepresentation {
  AE(Kind.TEXT, 1),
  AS(Kind.TEXT, 1),
  AT(Kind.TAGS, 4),
  CS(Kind.TEXT, 1),
  DA(Kind.TEXT, 1),
  DS(Kind.NUMBER_TEXT, 1),
  DT(Kind.TEXT, 1),
  FD(Kind.FLOATS, 8),
  FL(Kind.FLOATS, 4),
  IS(Kind.NUMBER_TEXT, 1),
  LO(Kind.TEXT, 1),
  LT(Kind.LONG_TEXT, 1),
  OB(Kind.UNSIGNED, 1),
  OD(Kind.FLOATS, 8),
  OF(Kind.FLOATS, 4),
  OL(Kind.UNSIGNED, 4),
  OV(Kind.UNSIGNED, 8),
  OW(Kind.UNSIGNED, 2),
  PN(Kind.TEXT, 1),
  SH(Kind.TEXT, 1),
  SL(Kind.SIGNED, 4),
  SQ(Kind.ITEMS, 1),
  SS(Kind.SIGNED, 2),
  ST(Kind.LONG_TEXT, 1),
  SV(Kind.SIGNED, 8),
  TM(Kind.TEXT, 1),
  UC(Kind.TEXT, 1),
  UI(Kind.TEXT, 1),
  UL(Kind.UNSIGNED, 4),
  UN(Kind.BYTES, 1),
  UR(Kind.LONG_TEXT, 1),
  US(Kind.UNSIGNED, 2),
  UT(Kind.LONG_TEXT, 1),
  UV(Kind.UNSIGNED, 8);

  enum Kind {
    TEXT,
    /** One value, in which a backslash is a backslash. */
    LONG_TEXT,
    NUMBER_TEXT,
    SIGNED,
    UNSIGNED,
    FLOATS,
    TAGS,
    ITEMS,
    BYTES
  }

  private static final ValueRepresentation[] BY_CODE = byCode();

  final Kind kind;

  /** Bytes of one value, for those of fixed size; else 1. */
  final int width;

  ValueRepresentation(Kind kind, int width) {
    this.kind = kind;
    this.width = width;
  }

  /** Whether its length takes 32 bits in explicit syntaxes (PS3.5 7.1.2). */
  boolean hasLongLength() {
    return switch (this) {
      case OB, OD, OF, OL, OV, OW, SQ, SV, UC, UN, UR, UT, UV -> true;
      default -> false;
    };
  }

  boolean isText() {
    return kind == Kind.TEXT || kind == Kind.LONG_TEXT || kind == Kind.NUMBER_TEXT;
  }

  /** Whether its text is in the character set of the data set and not always in ASCII. */
  boolean hasCharacterSet() {
    return switch (this) {
      case LO, LT, PN, SH, ST, UC, UT -> true;
      default -> false;
    };
  }

  /** Null for two letters that are none. */
  static @Nullable ValueRepresentation of(int first, int second) {
    int a = first - 'A';
    int b = second - 'A';
    return a < 0 || a >= 26 || b < 0 || b >= 26 ? null : BY_CODE[26 * a + b];
  }

  private static ValueRepresentation[] byCode() {
    ValueRepresentation[] table = new ValueRepresentation[26 * 26];
    for (ValueRepresentation each : values()) {
      table[26 * (each.name().charAt(0) - 'A') + each.name().charAt(1) - 'A'] = each;
    }
    return table;
  }
}
