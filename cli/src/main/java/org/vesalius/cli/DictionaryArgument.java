package org.vesalius.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options that name a dictionary of entities and its columns. */
final class DictionaryArgument {
  @Option(
      names = "--dictionary",
      paramLabel = "F",
      required = true,
      description = "A .csv, .tsv, .obo or .json file, also with .gz; may be repeated.")
  private Path file = Path.of("");

  @Option(
      names = "--columns",
      paramLabel = "SPEC",
      converter = EntityColumnsSpec.Converter.class,
      description =
          "Columns of the table before it, such as id=code,name=label,parents=up,parents-by=name.")
  private EntityColumnsSpec columns = EntityColumnsSpec.DEFAULT;

  /** The file. */
  Path file() {
    return file;
  }

  /** Its columns. */
  EntityColumnsSpec columns() {
    return columns;
  }
}
