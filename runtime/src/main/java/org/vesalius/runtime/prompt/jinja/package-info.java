/**
 * An interpreter of the Jinja language as chat templates use it: the text of a template goes
 * through {@link org.vesalius.runtime.prompt.jinja.Lexer}, {@link
 * org.vesalius.runtime.prompt.jinja.Parser} and {@link
 * org.vesalius.runtime.prompt.jinja.Interpreter}. Values behave as Python's do, because templates
 * rely on it. Entry: {@link org.vesalius.runtime.prompt.jinja.JinjaTemplate}.
 */
@NullMarked
package org.vesalius.runtime.prompt.jinja;

import org.jspecify.annotations.NullMarked;
