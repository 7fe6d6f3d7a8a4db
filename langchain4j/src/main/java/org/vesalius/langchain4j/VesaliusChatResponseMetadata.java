package org.vesalius.langchain4j;

import dev.langchain4j.model.chat.response.ChatResponseMetadata;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.Generation;

/**
 * What is known of a response, with all that Vesalius tells of an answer: places in pictures, tool
 * calls that are malformed, log-probabilities, durations, and the exact reason why it ended.
 */
public final class VesaliusChatResponseMetadata extends ChatResponseMetadata {
  private final Generation generation;

  private VesaliusChatResponseMetadata(Builder builder, Generation generation) {
    super(builder);
    this.generation = generation;
  }

  /** The answer as Vesalius gave it. */
  public Generation generation() {
    return generation;
  }

  /** Starts with LangChain4j's part to be filled. */
  static Builder builder(Generation generation) {
    return new Builder(generation);
  }

  @Override
  public ChatResponseMetadata.Builder<?> toBuilder() {
    return toBuilder(builder(generation));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return super.equals(other)
        && other instanceof VesaliusChatResponseMetadata that
        && generation.equals(that.generation);
  }

  @Override
  public int hashCode() {
    return Objects.hash(super.hashCode(), generation);
  }

  @Override
  public String toString() {
    return super.toString() + generation;
  }

  /** Collects LangChain4j's part. */
  static final class Builder extends ChatResponseMetadata.Builder<Builder> {
    private final Generation generation;

    private Builder(Generation generation) {
      this.generation = generation;
    }

    @Override
    public VesaliusChatResponseMetadata build() {
      return new VesaliusChatResponseMetadata(this, generation);
    }
  }
}
