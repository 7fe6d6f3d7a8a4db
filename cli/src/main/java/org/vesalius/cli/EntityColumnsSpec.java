package org.vesalius.cli;

import java.util.Optional;
import org.vesalius.clinical.entities.EntityColumns;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Columns of a table as users write them: {@code id=code,name=label}.
 *
 * @param text as it was typed; empty for nothing
 * @param columns that it means
 */
record EntityColumnsSpec(Optional<String> text, EntityColumns columns) {
  /** What is meant where nothing is said. */
  static final EntityColumnsSpec DEFAULT =
      new EntityColumnsSpec(Optional.empty(), EntityColumns.DEFAULT);

  /**
   * Reads what was typed.
   *
   * @throws IllegalArgumentException if it means nothing
   */
  static EntityColumnsSpec of(Optional<String> text) {
    return new EntityColumnsSpec(
        text, text.map(EntityColumns::parse).orElse(EntityColumns.DEFAULT));
  }

  /** Reads what was typed behind an option. */
  static final class Converter implements ITypeConverter<EntityColumnsSpec> {
    @Override
    public EntityColumnsSpec convert(String value) {
      try {
        return of(Optional.of(value));
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(String.valueOf(e.getMessage()));
      }
    }
  }
}
