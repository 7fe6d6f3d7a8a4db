/**
 * Vesalius as a chat model of LangChain4j: {@link org.vesalius.langchain4j.VesaliusChatModel} and
 * {@link org.vesalius.langchain4j.VesaliusStreamingChatModel} lend it an open model. What a request
 * asks and Vesalius does not do is refused by name.
 */
@NullMarked
package org.vesalius.langchain4j;

import org.jspecify.annotations.NullMarked;
