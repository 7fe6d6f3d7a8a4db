package org.vesalius.runtime.observe;

import jdk.jfr.BooleanFlag;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** The events of Flight Recorder. Their duration is the time of the work. */
final class JfrEvents {
  private JfrEvents() {}

  @Name("org.vesalius.Load")
  @Label("Model Load")
  @Category("Vesalius")
  @Description("Opening a model, from the call until it can be asked")
  @StackTrace(false)
  static final class Load extends Event {
    @Label("Directory")
    String directory = "";

    @Label("Family")
    String family = "";

    @Label("Backend")
    String backend = "";

    @Label("Weights")
    @DataAmount(DataAmount.BYTES)
    long weightBytes;

    @Label("Error")
    @Description("Class of the exception, or empty")
    String error = "";
  }

  @Name("org.vesalius.Vision")
  @Label("Vision")
  @Category("Vesalius")
  @Description("One picture through the vision encoder, or found among encoded ones")
  @StackTrace(false)
  static final class Vision extends Event {
    @Label("Request Id")
    String requestId = "";

    @Label("Image")
    @Description("Index among the request's pictures")
    int image;

    @Label("Tokens")
    @Description("Rows for the decoder")
    int tokens;

    @Label("Cached")
    @BooleanFlag
    boolean cached;
  }

  @Name("org.vesalius.Prefill")
  @Label("Prefill Chunk")
  @Category("Vesalius")
  @Description("A step that reads a part of a prompt; others may take part in the same step")
  @StackTrace(false)
  static final class Prefill extends Event {
    @Label("Request Id")
    String requestId = "";

    @Label("From")
    @Description("Index of the first token of the part")
    int from;

    @Label("To")
    @Description("Index after the last token of the part")
    int to;

    @Label("Prompt Tokens")
    int promptTokens;

    @Label("Tokens in Step")
    @Description("Of prompts and of answers, of all requests")
    int stepTokens;
  }

  @Name("org.vesalius.DecodeStep")
  @Label("Decode Step")
  @Category("Vesalius")
  @Description("A step that computes next tokens")
  @StackTrace(false)
  static final class DecodeStep extends Event {
    @Label("Request Ids")
    @Description("Separated by commas")
    String requestIds = "";

    @Label("Requests")
    int requests;

    @Label("Rows")
    @Description("One for each request, and one for each guessed token")
    int rows;

    @Label("Prompt Tokens")
    @Description("Tokens of prompts in the same step")
    int promptTokens;
  }

  @Name("org.vesalius.Request")
  @Label("Request")
  @Category("Vesalius")
  @Description("A request, from its acceptance to its end")
  @StackTrace(false)
  static final class Request extends Event {
    @Label("Request Id")
    String requestId = "";

    @Label("Finish Reason")
    @Description("stop, length, cancelled, deadline, repetition or error")
    String finishReason = "";

    @Label("Error")
    @Description("Class of the exception, or empty")
    String error = "";

    @Label("Prompt Tokens")
    int promptTokens;

    @Label("Image Tokens")
    int imageTokens;

    @Label("Cached Tokens")
    @Description("Tokens of the prompt that were in the cache")
    int cachedTokens;

    @Label("Completion Tokens")
    int completionTokens;

    @Label("Guessed Tokens")
    int guessedTokens;

    @Label("Accepted Tokens")
    @Description("Guessed tokens that were right")
    int acceptedTokens;

    @Label("Waiting Time")
    @Timespan(Timespan.NANOSECONDS)
    long waitingTime;

    @Label("Time to First Token")
    @Timespan(Timespan.NANOSECONDS)
    long firstTokenTime;

    @Label("Decode Time")
    @Description("From the first to the last token")
    @Timespan(Timespan.NANOSECONDS)
    long decodeTime;
  }
}
