package org.vesalius.cli;

import org.vesalius.clinical.entities.EntityColumns;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Columns of a table as users write them: {@code id=code,name=label}. */
final class EntityColumnsSpec implements ITypeConverter<EntityColumns> {
  @Override
  public EntityColumns convert(String value) {
    try {
      return EntityColumns.parse(value);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(String.valueOf(e.getMessage()));
    }
  }
}
