package org.vesalius.langchain4j;

import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationListener;

/** What the adapter needs of a model: that it answers a request on the calling thread. */
@FunctionalInterface
interface Answering {
  Generation generate(ChatRequest request, GenerationListener listener);
}
