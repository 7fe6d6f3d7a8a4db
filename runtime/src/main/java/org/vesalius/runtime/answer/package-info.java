/**
 * What a model writes, taken apart: reasoning, answer, tool calls and places in pictures. {@link
 * org.vesalius.runtime.answer.AnswerFormat} says how a family writes them, {@link
 * org.vesalius.runtime.answer.AnswerParser} reads them while the text grows. Knows no model and no
 * tokens, only text.
 */
@NullMarked
package org.vesalius.runtime.answer;

import org.jspecify.annotations.NullMarked;
