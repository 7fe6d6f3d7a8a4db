package org.vesalius.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.vesalius.runtime.WeightFormat;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Names of weight formats as users write them: {@code as-stored}, {@code int8}. */
final class WeightFormatNames implements ITypeConverter<WeightFormat> {

  static String name(WeightFormat format) {
    return format.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  @Override
  public WeightFormat convert(String value) {
    return Arrays.stream(WeightFormat.values())
        .filter(format -> name(format).equals(value))
        .findFirst()
        .orElseThrow(() ->
            new TypeConversionException(
                "expected one of "
                    + Arrays.stream(WeightFormat.values())
                        .map(WeightFormatNames::name)
                        .collect(Collectors.joining(", "))
                    + ", found "
                    + value));
  }
}
