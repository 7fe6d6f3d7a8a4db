package org.vesalius.runtime.prompt.jinja;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** C's {@code strftime} with English names, for {@code strftime_now}. */
final class Strftime {
  private Strftime() {}

  static Text format(Text format, ZonedDateTime time) {
    TextBuilder out = new TextBuilder();
    String pattern = format.value();
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      if (c != '%' || i + 1 == pattern.length()) {
        out.append(format, i, i + 1);
        continue;
      }
      int start = i++;
      char flag = pattern.charAt(i);
      if ((flag == '-' || flag == '_' || flag == '0') && i + 1 < pattern.length()) {
        i++;
      } else {
        flag = ' ';
      }
      String field = field(pattern.charAt(i), time);
      if (field.isEmpty()) {
        out.append(format, start, i + 1);
      } else {
        out.append(flagged(field, flag), format.originAt(start));
      }
    }
    return out.toText();
  }

  private static String flagged(String field, char flag) {
    if (flag == ' ' || flag == '0' || !field.matches("[ 0-9]+")) {
      return flag == '0' && field.startsWith(" ") ? "0" + field.substring(1) : field;
    }
    String bare = field.replaceFirst("^[ 0]+(?=[0-9])", "");
    return flag == '-' ? bare : " ".repeat(field.length() - bare.length()) + bare;
  }

  private static String field(char directive, ZonedDateTime time) {
    int weekday = time.getDayOfWeek().getValue() % 7;
    int hour12 = time.get(ChronoField.CLOCK_HOUR_OF_AMPM);
    return switch (directive) {
      case 'Y' -> Integer.toString(time.getYear());
      case 'C' -> digits(time.getYear() / 100, 2, '0');
      case 'y' -> digits(time.getYear() % 100, 2, '0');
      case 'm' -> digits(time.getMonthValue(), 2, '0');
      case 'd' -> digits(time.getDayOfMonth(), 2, '0');
      case 'e' -> digits(time.getDayOfMonth(), 2, ' ');
      case 'H' -> digits(time.getHour(), 2, '0');
      case 'k' -> digits(time.getHour(), 2, ' ');
      case 'I' -> digits(hour12, 2, '0');
      case 'l' -> digits(hour12, 2, ' ');
      case 'M' -> digits(time.getMinute(), 2, '0');
      case 'S' -> digits(time.getSecond(), 2, '0');
      case 'f' -> digits(time.getNano() / 1000, 6, '0');
      case 'j' -> digits(time.getDayOfYear(), 3, '0');
      case 'p' -> time.getHour() < 12 ? "AM" : "PM";
      case 'P' -> time.getHour() < 12 ? "am" : "pm";
      case 'B' -> time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'b', 'h' -> pattern("MMM", time);
      case 'A' -> time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'a' -> pattern("EEE", time);
      case 'w' -> Integer.toString(weekday);
      case 'u' -> Integer.toString(weekday == 0 ? 7 : weekday);
      case 'U' -> digits((time.getDayOfYear() + 6 - weekday) / 7, 2, '0');
      case 'W' -> digits((time.getDayOfYear() + 6 - (weekday + 6) % 7) / 7, 2, '0');
      case 'V' -> digits(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2, '0');
      case 'G' -> Integer.toString(time.get(IsoFields.WEEK_BASED_YEAR));
      case 'F' -> pattern("yyyy-MM-dd", time);
      case 'D', 'x' -> pattern("MM/dd/yy", time);
      case 'T', 'X' -> pattern("HH:mm:ss", time);
      case 'R' -> pattern("HH:mm", time);
      case 'r' -> pattern("hh:mm:ss a", time);
      case 'c' ->
          pattern("EEE MMM ", time)
              + digits(time.getDayOfMonth(), 2, ' ')
              + pattern(" HH:mm:ss yyyy", time);
      case 's' -> Long.toString(time.toEpochSecond());
      case 'n' -> "\n";
      case 't' -> "\t";
      case '%' -> "%";
      default -> "";
    };
  }

  private static String pattern(String pattern, ZonedDateTime time) {
    // English, not ROOT: its abbreviations are those of the C locale.
    return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
  }

  private static String digits(int value, int width, char fill) {
    String digits = Integer.toString(value);
    return String.valueOf(fill).repeat(Math.max(0, width - digits.length())) + digits;
  }
}
