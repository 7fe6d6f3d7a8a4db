package org.vesalius.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A checkpoint and the cases that it is checked with.
 *
 * @param name for people, such as {@code qwen3_vl/bf16}
 * @param cases folder of the family, which holds {@code cases}
 * @param weights folder to open
 * @param config the file that is used as config.json
 */
record GoldenSubject(String name, Path cases, Path weights, String config) {
  private static final String CONFIG = "config.json";
  private static final String LEGACY_CONFIG = "config_legacy.json";

  /** All checkpoints of a folder of fixtures, those in other types and layouts included. */
  static List<GoldenSubject> in(Path fixtures) {
    List<GoldenSubject> subjects = new ArrayList<>();
    for (Path family : folders(fixtures)) {
      if (!Files.isDirectory(family.resolve("cases"))) {
        continue;
      }
      String name = family.getFileName().toString();
      if (Files.exists(family.resolve(CONFIG)) && hasWeights(family)) {
        subjects.add(new GoldenSubject(name, family, family, CONFIG));
        if (Files.exists(family.resolve(LEGACY_CONFIG))) {
          subjects.add(new GoldenSubject(name + " legacy", family, family, LEGACY_CONFIG));
        }
      }
      for (Path variant : folders(family)) {
        if (hasWeights(variant)) {
          String full = name + "/" + variant.getFileName();
          subjects.add(new GoldenSubject(full, family, variant, CONFIG));
        }
      }
    }
    return subjects;
  }

  private static boolean hasWeights(Path folder) {
    return Files.exists(folder.resolve("model.safetensors"))
        || Files.exists(folder.resolve("model.safetensors.index.json"));
  }

  private static List<Path> folders(Path parent) {
    try (Stream<Path> children = Files.list(parent)) {
      return children.filter(Files::isDirectory).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The cases. */
  List<GoldenCase> read() {
    try (Stream<Path> files = Files.list(cases.resolve("cases"))) {
      return files
          .filter(file -> file.toString().endsWith(".json"))
          .sorted()
          .map(file -> GoldenCase.read(cases, file))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The folder to open: the weights', or a copy with the other configuration. */
  Path open(Path scratch) {
    if (config.equals(CONFIG)) {
      return weights;
    }
    synchronized (GoldenSubject.class) {
      return copied(scratch);
    }
  }

  private Path copied(Path scratch) {
    Path folder = scratch.resolve(name.replace('/', '-'));
    if (!Files.exists(folder)) {
      try (Stream<Path> files = Files.list(weights)) {
        Files.createDirectories(folder);
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          if (!file.endsWith(CONFIG)) {
            Files.copy(file, folder.resolve(file.getFileName()));
          }
        }
        Files.copy(weights.resolve(config), folder.resolve(CONFIG));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return folder;
  }
}
