package org.vesalius.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;

/** An answer as JSON. */
final class GenerationJson {
  private GenerationJson() {}

  static ObjectNode of(
      ChatModel model,
      Generation generation,
      ChatRequest request,
      RequestPictures pictures,
      long loadNanos) {
    ObjectNode json = JsonOutput.object();
    json.put("request_id", generation.requestId());
    json.put("text", generation.text());
    json.put("reasoning", generation.reasoning());
    json.put("reasoning_unclosed", generation.reasoningUnclosed());
    AnswerJson.add(json, generation, pictures);
    if (pictures.hasFacts()) {
      pictures.add(json.putArray("pictures"));
    }
    ArrayNode ids = json.putArray("token_ids");
    generation.tokenIds().forEach(ids::add);
    if (request.logprobs() == 0) {
      json.putNull("logprobs");
    } else {
      ArrayNode list = json.putArray("logprobs");
      generation.logprobs().forEach(token -> logprobs(list.addObject(), token));
    }
    json.put("prompt_tokens", generation.usage().promptTokens());
    json.put("image_tokens", generation.usage().imageTokens());
    json.put("completion_tokens", generation.usage().completionTokens());
    json.put("cached_tokens", generation.usage().cachedTokens());
    json.put("guessed_tokens", generation.usage().drafts().proposed());
    json.put("accepted_tokens", generation.usage().drafts().accepted());
    json.put("finish_reason", generation.finishReason().name().toLowerCase(Locale.ROOT));
    json.put("family", model.family());
    json.put("backend", generation.backend());
    json.put("kv_cache", ModelArguments.name(model.cacheFormat()));
    json.put("seed", generation.seed());
    timings(json.putObject("timings"), generation, loadNanos);
    return json;
  }

  private static void logprobs(ObjectNode json, Generation.TokenLogprobs token) {
    entry(json, token.chosen());
    ArrayNode top = json.putArray("top");
    token.top().forEach(candidate -> entry(top.addObject(), candidate));
  }

  private static void entry(ObjectNode json, Generation.TokenLogprob token) {
    json.put("id", token.id());
    json.put("token", token.token());
    json.put("logprob", token.logprob());
  }

  private static void timings(ObjectNode json, Generation generation, long loadNanos) {
    Generation.Timings timings = generation.timings();
    json.put("load", Units.millis(loadNanos));
    json.put("preprocess", Units.millis(timings.preprocessNanos()));
    json.put("queue", Units.millis(timings.queueNanos()));
    json.put("vision", Units.millis(timings.visionNanos()));
    json.put("prefill", Units.millis(timings.prefillNanos()));
    json.put("decode", Units.millis(timings.decodeNanos()));
    json.put("ttft", Units.millis(timings.firstTokenNanos()));
    json.put(
        "decode_tokens_per_s",
        timings.decodeTokensPerSecond(generation.usage().completionTokens()));
  }
}
