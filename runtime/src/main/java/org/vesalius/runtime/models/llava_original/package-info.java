/** LLaVA in the layout of its original code: LLaVA-Med, HuatuoGPT-Vision. */
@NullMarked
package org.vesalius.runtime.models.llava_original;

import org.jspecify.annotations.NullMarked;
