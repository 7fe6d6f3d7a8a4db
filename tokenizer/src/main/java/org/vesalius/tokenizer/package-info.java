/**
 * Text to token ids and back, from a {@code tokenizer.json} or a {@code tokenizer.model}.
 *
 * <p>The file describes a pipeline, and each kind of part is a sealed interface here with one class
 * per part: {@link org.vesalius.tokenizer.TextNormalizer}, {@link
 * org.vesalius.tokenizer.PreTokenizer}, {@link org.vesalius.tokenizer.Model}, {@link
 * org.vesalius.tokenizer.PostProcessor} and {@link org.vesalius.tokenizer.Decoder}. A new part is
 * one class and one case in the reader of its kind, which {@link
 * org.vesalius.tokenizer.TokenizerJson} names; a part that is not there is refused by name. A
 * SentencePiece {@code tokenizer.model} is read into the same parts ({@link
 * org.vesalius.tokenizer.SentencePieceModel}).
 */
@NullMarked
package org.vesalius.tokenizer;

import org.jspecify.annotations.NullMarked;
