package org.vesalius.runtime.models;

import java.nio.file.Path;

/**
 * The folder of a model.
 *
 * @param directory holds config.json, the weights, the tokenizer
 */
public record ModelFiles(Path directory) {}
