/**
 * Files of a model folder to typed views of their bytes: safetensors, {@code config.json}, {@code
 * generation_config.json} and {@code preprocessor_config.json}.
 *
 * <p>Start at {@link org.vesalius.loader.Checkpoint} for weights and at {@link
 * org.vesalius.loader.ModelConfig} for configuration. Everything here is checked before it is
 * handed out, and everything wrong is one {@link org.vesalius.loader.ModelFormatException}. The
 * package computes nothing and knows no other package of Vesalius.
 */
@NullMarked
package org.vesalius.loader;

import org.jspecify.annotations.NullMarked;
