package org.vesalius.runtime.structured;

import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The values of JSON Schema's {@code format} that are known, as expressions. */
final class StringFormats {
  private static final String DATE =
      "([0-9]{4}-(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
          + "|[0-9]{4}-(0[469]|11)-(0[1-9]|[12][0-9]|30)"
          + "|[0-9]{4}-02-(0[1-9]|1[0-9]|2[0-8])"
          + "|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)";
  private static final String TIME =
      "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?"
          + "(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)";
  private static final String LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?";
  private static final String HOST = LABEL + "([.]" + LABEL + "){0,3}";
  private static final String NAME =
      LABEL
          + "([.]"
          + LABEL
          + "){0,2}[.](com|org|net|edu|gov|int|de|fr|uk|us|ch|at|jp|cn|in|br|ca|au|it|es|nl|se|eu)";
  private static final String BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  private static final String IPV4 = BYTE + "([.]" + BYTE + "){3}";
  private static final String PATH = "([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
  private static final String URI =
      "[a-z][a-z0-9+.-]{0,15}://"
          + HOST
          + "(:[0-9]{1,4})?(/"
          + PATH
          + "*)*([?]("
          + PATH
          + "|[/?])*)?(#("
          + PATH
          + "|[/?])*)?";

  private static final Map<String, String> EXPRESSIONS =
      Map.of(
          "date",
          DATE,
          "time",
          TIME,
          "date-time",
          DATE + "T" + TIME,
          "duration",
          "P([0-9]{1,6}W|[0-9]{1,6}D(T[0-9]{1,6}H([0-9]{1,6}M([0-9]{1,6}S)?)?)?"
              + "|T([0-9]{1,6}H([0-9]{1,6}M([0-9]{1,6}S)?)?|[0-9]{1,6}M([0-9]{1,6}S)?"
              + "|[0-9]{1,6}S)|[0-9]{1,6}Y([0-9]{1,6}M([0-9]{1,6}D)?)?|[0-9]{1,6}M([0-9]{1,6}D)?)",
          "uuid",
          "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
          "email",
          "[A-Za-z0-9_%+-]{1,20}([.][A-Za-z0-9_%+-]{1,20}){0,2}@" + NAME,
          "hostname",
          HOST,
          "ipv4",
          IPV4,
          "ipv6",
          ipv6(),
          "uri",
          URI);

  private StringFormats() {}

  /** Eight groups, or fewer with two colons for those that are zero. */
  private static String ipv6() {
    String group = "[0-9a-fA-F]{1,4}";
    StringBuilder all = new StringBuilder("(" + group + ":){7}" + group);
    for (int before = 0; before <= 7; before++) {
      int after = 7 - before;
      String left = before == 0 ? "" : "(" + group + ":){" + (before - 1) + "}" + group;
      String right = after == 0 ? "" : "(" + group + "(:" + group + "){0," + (after - 1) + "})?";
      all.append('|').append(left).append("::").append(right);
    }
    return String.format(Locale.ROOT, "(%s)", all);
  }

  /** The expression of a format, or null where it is not known. */
  static @Nullable String expression(String format) {
    return EXPRESSIONS.get(format);
  }
}
