package org.vesalius.clinical.trace;

/**
 * The model of a run. Hashes are SHA-256 in hexadecimal, over the bytes of the files.
 *
 * @param directory as the caller named it
 * @param family for people
 * @param weightsSha256 over the hashes of all weight files, in the order of their names
 * @param configSha256 of config.json
 * @param tokenizerSha256 of tokenizer.json
 * @param templateSha256 of the chat template's text
 * @param cacheFormat how keys and values are stored
 * @param weightFormat what weights were rounded to on opening; {@code as stored} for none
 */
public record TracedModel(
    String directory,
    String family,
    String weightsSha256,
    String configSha256,
    String tokenizerSha256,
    String templateSha256,
    String cacheFormat,
    String weightFormat) {}
