package org.vesalius.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.vesalius.demo.DemoModel;

/**
 * The folder of a model that a user names: a path, or {@code demo} for the embedded one, which is
 * unpacked and deleted again.
 */
final class ModelFolder implements AutoCloseable {
  /** The name of the embedded model. */
  static final String DEMO = "demo";

  private final Path path;
  private final Optional<DemoModel> demo;

  private ModelFolder(Path path, Optional<DemoModel> demo) {
    this.path = path;
    this.demo = demo;
  }

  /** Of a name; a model in a folder that is called so wins. */
  static ModelFolder of(String name) {
    Path path = Path.of(name);
    if (!name.equals(DEMO) || Files.exists(path.resolve("config.json"))) {
      return new ModelFolder(path, Optional.empty());
    }
    DemoModel unpacked = DemoModel.unpack();
    return new ModelFolder(unpacked.directory(), Optional.of(unpacked));
  }

  Path path() {
    return path;
  }

  @Override
  public void close() {
    demo.ifPresent(DemoModel::close);
  }
}
