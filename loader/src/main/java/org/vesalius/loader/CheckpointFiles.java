package org.vesalius.loader;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which safetensors files make up a checkpoint, and which tensor the index expects in which file.
 *
 * @param files the files, in the order in which the index first names them
 * @param index the index file, or the only file itself when there is no index
 * @param fileOfTensor the index: tensor name to file; empty when there is no index
 */
record CheckpointFiles(List<Path> files, Path index, Map<String, Path> fileOfTensor) {
  static final String INDEX_NAME = "model.safetensors.index.json";
  static final String MODEL_NAME = "model.safetensors";
  private static final String SUFFIX = ".safetensors";
  private static final List<String> OTHER_FORMATS =
      List.of(".bin", ".gguf", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".onnx", ".npz");

  /** Finds the files of a folder, of a single file, or of an index file. */
  static CheckpointFiles find(Path path) {
    if (Files.isRegularFile(path)) {
      return path.getFileName().toString().endsWith(".index.json")
          ? readIndex(path)
          : new CheckpointFiles(List.of(path), path, Map.of());
    }
    if (!Files.isDirectory(path)) {
      throw ModelFormatException.of(
          path, "checkpoint", "a folder or a safetensors file", "nothing at this path");
    }
    Path index = path.resolve(INDEX_NAME);
    Path single = path.resolve(MODEL_NAME);
    if (Files.exists(index)) {
      CheckpointFiles sharded = readIndex(index);
      if (Files.exists(single) && !sharded.files().contains(single)) {
        throw ModelFormatException.of(
            path,
            "checkpoint",
            "either " + INDEX_NAME + " or " + MODEL_NAME,
            "both, and the index does not name the file",
            "remove the one that is out of date");
      }
      return sharded;
    }
    if (Files.exists(single)) {
      return new CheckpointFiles(List.of(single), single, Map.of());
    }
    return findOnlyFile(path);
  }

  private static CheckpointFiles findOnlyFile(Path directory) {
    List<Path> files = list(directory);
    List<Path> candidates =
        files.stream().filter(file -> file.getFileName().toString().endsWith(SUFFIX)).toList();
    if (candidates.size() == 1) {
      return new CheckpointFiles(candidates, candidates.getFirst(), Map.of());
    }
    if (candidates.size() > 1) {
      throw ModelFormatException.of(
          directory,
          "checkpoint",
          INDEX_NAME + ", " + MODEL_NAME + " or a single safetensors file",
          candidates.size() + " safetensors files without an index: " + names(candidates),
          "add the index, or open one of the files by its path");
    }
    List<Path> others = files.stream().filter(CheckpointFiles::isOtherFormat).toList();
    throw ModelFormatException.of(
        directory,
        "checkpoint",
        INDEX_NAME + ", " + MODEL_NAME + " or a single safetensors file",
        others.isEmpty() ? "no weights" : "only " + names(others),
        others.isEmpty()
            ? "is the download complete?"
            : "download the safetensors version of the model, or convert it");
  }

  private static boolean isOtherFormat(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return OTHER_FORMATS.stream().anyMatch(name::endsWith);
  }

  private static String names(List<Path> files) {
    String first =
        files.stream()
            .limit(8)
            .map(file -> file.getFileName().toString())
            .collect(Collectors.joining(", "));
    return files.size() > 8 ? first + ", … (" + files.size() + ")" : first;
  }

  private static List<Path> list(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(directory + ": the folder could not be listed: " + e, e);
    }
  }

  private static CheckpointFiles readIndex(Path index) {
    ConfigNode weightMap = ConfigNode.read(index).object("weight_map");
    if (weightMap.keys().isEmpty()) {
      throw ModelFormatException.of(index, "key \"weight_map\"", "at least one tensor", "none");
    }
    Map<String, Path> shards = new LinkedHashMap<>();
    Map<String, Path> fileOfTensor = new LinkedHashMap<>();
    for (String tensor : weightMap.keys()) {
      String name = weightMap.string(tensor);
      Path shard = shards.get(name);
      if (shard == null) {
        shard = shard(index, name, tensor);
        shards.put(name, shard);
      }
      fileOfTensor.put(tensor, shard);
    }
    return new CheckpointFiles(List.copyOf(shards.values()), index, fileOfTensor);
  }

  private static Path shard(Path index, String name, String tensor) {
    Path shard = inside(index, name, tensor);
    // Symbolic links are followed: the usual download cache is made of them.
    if (!Files.isRegularFile(shard)) {
      throw ModelFormatException.of(
          index,
          "tensor " + Quote.of(tensor),
          "the file " + Quote.of(name) + " beside the index",
          "no such file",
          "download the missing file");
    }
    return shard;
  }

  /** The path of a shard; lexical, so that symbolic links inside the folder may lead out. */
  static Path inside(Path index, String name, String tensor) {
    Path directory = index.toAbsolutePath().resolveSibling("").normalize();
    try {
      Path relative = Path.of(name);
      Path shard = directory.resolve(relative).normalize();
      boolean below =
          shard.startsWith(directory) && shard.getNameCount() > directory.getNameCount();
      if (!name.isEmpty() && !relative.isAbsolute() && below && !name.contains("..")) {
        return index.resolveSibling(relative);
      }
    } catch (InvalidPathException e) {
      throw unsafe(index, name, tensor);
    }
    throw unsafe(index, name, tensor);
  }

  private static ModelFormatException unsafe(Path index, String name, String tensor) {
    return ModelFormatException.of(
        index,
        "tensor " + Quote.of(tensor),
        "the name of a file inside the folder of the index",
        Quote.of(name),
        "do not trust this checkpoint");
  }
}
